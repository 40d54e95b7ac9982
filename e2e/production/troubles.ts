import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { postSignup } from '../app'
import { findFaults, untilSettled } from '../faults/oracle'
import type { Stack } from '../stack'
import { type Settings, withClock } from './app'
import type { Image } from './image'
import type { Database } from './parts'
import type { Program } from './program'

/** An installation that runs. */
export type Site = {
  url: string
  database: Database
  stack: Pick<Stack, 'query' | 'setProvider'>
  image: Image
  programs: Record<string, Program>
  start: Record<string, (image: Image, settings?: Settings) => Promise<Program>>
  /** Ends a program and starts another one in its place. */
  replace(name: string, image: Image, settings?: Settings): Promise<void>
}

type Trouble = {
  name: string
  begin(): Promise<unknown>
  end(): Promise<unknown>
  /** What people are answered while it lasts: 503 tells them to come back. */
  answer: 201 | 503
  /** What the log says of it. */
  log?: RegExp
}

const LASTS_MS = 8_000
const PATIENCE_MS = 60_000

/**
 * Brings one trouble after another over an installation while people sign up, who ask again with the same key until
 * they get their 201. When a trouble ends, all has to come right without anybody's help.
 * @param earlier the ids of the emails that there are already
 * @returns what did not, as sentences
 */
export async function surviveTroubles(site: Site, disk: string, earlier: string[]): Promise<string[]> {
  const { database, programs, image } = site
  const faults: string[] = []
  const all = [...earlier]
  const cutAll = (): Promise<unknown> =>
    database.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'`)
  const setSystem = async (setting: string): Promise<void> => {
    await database.sql(`ALTER SYSTEM ${setting}`)
    await database.sql('SELECT pg_reload_conf()')
  }
  const replaceAll = async (kind: 'web' | 'worker', settings: [Settings, Settings]): Promise<void> => {
    for (const number of [1, 2]) await site.replace(`${kind} ${number}`, image, settings[number - 1])
  }
  const filler = path.join(disk, 'filler')

  const troubles: Trouble[] = [
    {
      name: 'database read-only',
      begin: () => setSystem('SET default_transaction_read_only = on'),
      end: () => setSystem('RESET default_transaction_read_only'),
      answer: 503,
      log: /read-only transaction/,
    },
    {
      name: 'no connection left',
      begin: () => database.sql('ALTER ROLE app CONNECTION LIMIT 0').then(cutAll),
      end: () => database.sql('ALTER ROLE app CONNECTION LIMIT -1'),
      answer: 503,
      log: /too many connections/,
    },
    {
      name: 'every statement times out',
      begin: () => database.sql(`ALTER ROLE app SET statement_timeout = '1ms'`).then(cutAll),
      end: () => database.sql('ALTER ROLE app RESET statement_timeout').then(cutAll),
      answer: 503,
      log: /statement timeout/,
    },
    {
      name: 'Resend’s name does not resolve',
      begin: () => replaceAll('worker', [NOWHERE, NOWHERE]),
      end: () => replaceAll('worker', [{}, {}]),
      answer: 201,
      log: /application_error/,
    },
    {
      name: 'clocks of the workers 10 min off',
      begin: () => replaceAll('worker', [withClock(10), withClock(-10)]),
      end: () => replaceAll('worker', [{}, {}]),
      answer: 201,
    },
    {
      name: 'clocks of the web servers 10 min off',
      begin: () => replaceAll('web', [withClock(10), withClock(-10)]),
      end: () => replaceAll('web', [{}, {}]),
      answer: 201,
    },
  ]
  if (isMounted(disk)) {
    troubles.unshift({
      name: 'disk full',
      begin: () => fill(filler),
      end: () => rm(filler),
      answer: 503,
      log: /No space left on device/,
    })
  }

  console.log(
    `Troubles, each for ${LASTS_MS / 1000} s: what people got, what the log said, how soon all was right again`,
  )
  for (const { name, begin, end, answer, log } of troubles) {
    const known = new Map(Object.values(programs).map((program) => [program, program.output().length]))
    await begin()
    const visitors = startVisitors(site.url)
    await sleep(LASTS_MS)
    const answers = new Map(visitors.answers)
    const lines = Object.values(programs).flatMap((program) =>
      program.output().slice(known.get(program)).split('\n'),
    )
    await end()
    const ended = Date.now()
    const emails = await visitors.stop()
    const settled = untilSettled(site.stack).then(() => true)
    const isRight = await Promise.race([settled, sleep(PATIENCE_MS, false)])
    const seconds = ((Date.now() - ended) / 1000).toFixed(1)

    console.log(
      `  ${name}: ${[...answers].map(([status, count]) => `${count} × ${status}`).join(', ')}; ${seconds} s`,
    )
    for (const [line, count] of countKinds(lines.filter((line) => log?.test(line))).slice(0, 2))
      console.log(`    ${count} × ${line}`)
    const complain = (what: string): void => void faults.push(`${name}: ${what}`)
    for (const status of answers.keys())
      if (status !== 201 && status !== 503) complain(`people got ${status}`)
    if (!answers.has(answer)) complain(`nobody got ${answer}`)
    if (log && !lines.some((line) => log.test(line))) complain(`the log did not say ${log}`)
    if (!isRight) complain(`not right after ${PATIENCE_MS / 1000} s`)
    for (const [program, { isRunning, output }] of Object.entries(programs))
      if (!isRunning()) complain(`${program} died: ${output().slice(-3_000)}`)
    all.push(...emails)
  }
  return [...faults, ...(await findFaults(site.stack, all))]
}

/** Two visitors who sign up again and again, and are stubborn: each asks with the same key until there is a 201. */
function startVisitors(url: string): { answers: Map<number, number>; stop(): Promise<string[]> } {
  const answers = new Map<number, number>()
  const emails: string[] = []
  let open = true
  const visitors = Array.from({ length: 2 }, async () => {
    while (open) {
      const headers = { 'idempotency-key': randomUUID() }
      const body = { name: 'Ada', email: `${randomUUID()}@example.com` }
      for (;;) {
        const answer = await postSignup(body, headers, url)
        answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
        const json = await answer.json()
        if (answer.status === 201) {
          emails.push(json.welcomeEmail.id)
          break
        }
        await sleep(300)
      }
      await sleep(300)
    }
  })
  return {
    answers,
    async stop() {
      open = false
      await Promise.all(visitors)
      return emails
    },
  }
}

/** Writes into a folder until its disk is full. */
async function fill(file: string): Promise<void> {
  const full = async (size: number): Promise<void> => {
    for (;;) await appendFile(file, Buffer.alloc(size))
  }
  for (const size of [1024 * 1024, 1024]) await full(size).catch(() => {})
}

function isMounted(folder: string): boolean {
  return readFileSync('/proc/mounts', 'utf8').includes(` ${folder} `)
}

/** Lines that differ in numbers and ids only are of one kind. The most frequent come first. */
function countKinds(lines: string[]): [line: string, count: number][] {
  const kinds = new Map<string, number>()
  for (const line of lines) {
    const kind = line
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9A-F]{8}\b/g, '…')
      .replace(/\d+(\.\d+)?/g, 'n')
      .trim()
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  return [...kinds].sort(([, a], [, b]) => b - a)
}

const NOWHERE: Settings = { RESEND_BASE_URL: 'http://nowhere.invalid' }
