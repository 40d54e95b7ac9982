import { readFileSync } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdLock, LOCK_SECONDS, listTableLocks, PACE_LOCK } from '../../faults/hold-lock'
import { findFaults, untilSettled } from '../../faults/oracle'
import { type Stack, waitFor } from '../../stack'
import { readHealth, type Settings, withClock } from './app'
import type { Image } from './image'
import type { Database } from './parts'
import type { Program } from './program'
import { startVisitors } from './visitors'

/** An installation that runs. */
export type Site = {
  url: string
  database: Database
  stack: Pick<Stack, 'query' | 'setProvider'>
  image: Image
  programs: Record<string, Program>
  start: Record<string, (image: Image, settings?: Settings) => Promise<Program>>
  /** Runs the migrations of the image, as the owner. */
  migrate(): Promise<unknown>
  /** Ends a program and starts another one in its place. */
  replace(name: string, image: Image, settings?: Settings): Promise<void>
}

type Trouble = {
  name: string
  begin(): Promise<unknown>
  end(): Promise<unknown>
  /** How long it lasts at least, in ms. */
  lastsMs?: number
  /** The answer that people get while it lasts, where that is certain. A 503 asks them to retry. */
  answer?: 201 | 503
  /** Matches the log lines about it. */
  log?: RegExp
}

/** How long a trouble lasts at least, unless it sets `lastsMs`. In ms. */
const LASTS_MS = 8_000
/** How long people, logs and processes may take at the most. */
const PATIENCE_MS = 180_000

/**
 * Causes one trouble after another in an installation while people sign up. They ask again with the same key until they
 * get their 201. When a trouble ends, everything has to recover without help.
 * @param earlier the ids of the emails that there are already
 * @returns what did not recover, as sentences
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
  const untilTwoWorkers = (): Promise<void> =>
    waitFor(() =>
      readHealth(site.url).then(
        ({ workers }) => workers === 2,
        () => false,
      ),
    )

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
      // A connection that asks Postgres itself for its own timeout is spared.
      name: 'every statement through PgBouncer times out',
      begin: () => database.sql(`ALTER ROLE app SET statement_timeout = '1ms'`).then(cutAll),
      end: () => database.sql(`ALTER ROLE app SET statement_timeout = '9s'`).then(cutAll),
      answer: 503,
      log: /statement timeout/,
    },
    {
      name: 'all connections cut three times',
      async begin() {
        for (let times = 0; times < 3; times++) {
          await cutAll()
          await untilTwoWorkers()
        }
      },
      end: async () => {},
      answer: 201,
    },
    {
      name: 'Postgres killed',
      begin: () => database.kill(),
      end: () => database.start(),
      answer: 503,
    },
    ...(await chooseLocks(site)),
    {
      name: 'Postgres and all processes in other zones',
      async begin() {
        await setSystem(`SET timezone = '${ZONES[1]}'`)
        for (const kind of ['web', 'worker'] as const)
          await replaceAll(kind, [{ TZ: ZONES[1] }, { TZ: ZONES[0] }])
      },
      async end() {
        await setSystem('RESET timezone')
        for (const kind of ['web', 'worker'] as const) await replaceAll(kind, [{}, {}])
      },
      answer: 201,
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

  console.log('Troubles: what people got, what the log said, how soon all was right again')
  for (const { name, begin, end, lastsMs = LASTS_MS, answer, log } of troubles) {
    const complain = (what: string): void => void faults.push(`${name}: ${what}`)
    const known = new Map(Object.values(programs).map((program) => [program, program.output().length]))
    const readLog = (): string[] =>
      Object.values(programs).flatMap((program) => program.output().slice(known.get(program)).split('\n'))
    await begin()
    const visitors = startVisitors(site.url)
    await sleep(lastsMs)
    const isFelt = waitFor(
      () => (!answer || visitors.answers.has(answer)) && (!log || readLog().some((line) => log.test(line))),
    )
    await Promise.race([isFelt, sleep(PATIENCE_MS)])
    const answers = new Map(visitors.answers)
    const lines = readLog()
    await end()
    const ended = Date.now()
    all.push(...(await visitors.stop()))
    const settled = Promise.all([untilSettled(site.stack), untilTwoWorkers()]).then(() => true)
    const isRight = await Promise.race([settled, sleep(PATIENCE_MS, false)])
    const seconds = ((Date.now() - ended) / 1000).toFixed(1)

    const told = [...answers].map(([status, count]) => `${count} × ${status}`)
    console.log(`  ${name}: ${told.join(', ')}; ${seconds} s`)
    for (const [line, count] of countKinds(lines.filter((line) => log?.test(line))).slice(0, 2))
      console.log(`    ${count} × ${line}`)
    for (const status of visitors.answers.keys())
      if (status !== 201 && status !== 503) complain(`people got ${status}`)
    for (const fault of visitors.faults) complain(fault)
    if (answer && !answers.has(answer)) complain(`no request got ${answer}`)
    if (log && !lines.some((line) => log.test(line))) complain(`the log did not say ${log}`)
    if (!isRight) complain(`not right after ${PATIENCE_MS / 1000} s`)
    for (const [program, { isRunning, output }] of Object.entries(programs))
      if (!isRunning()) complain(`${program} died: ${output().slice(-3_000)}`)
  }
  return [...faults, ...(await findFaults(site.stack, all))]
}

/** Locks: of the pace, of a table against writes, and of a table against reads as well. */
async function chooseLocks({ database, stack }: Site): Promise<Trouble[]> {
  const { path } = await listTableLocks(stack)
  const pick = (mode: string): string => {
    const some = path.filter((lock) => lock.includes(`IN ${mode} `))
    return some[Math.floor(Math.random() * some.length)] ?? ''
  }
  return [PACE_LOCK, pick('SHARE'), pick('ACCESS')].map((lock) => {
    const { least, most } = LOCK_SECONDS
    const seconds = Math.round(least + Math.random() * (most - least))
    let held: Promise<number>
    return {
      name: `${lock} for ${seconds} s`,
      lastsMs: seconds * 1000,
      async begin() {
        held = holdLock(database.adminUrl, lock, seconds * 1000)
      },
      async end() {
        if ((await held) < least) throw new Error(`${lock} was not held`)
      },
    }
  })
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

/** The time zones of the processes, half of them in each. The database is in the first. */
export const ZONES: [Settings[string], Settings[string]] = ['Asia/Tokyo', 'America/Los_Angeles']

const NOWHERE: Settings = { RESEND_BASE_URL: 'http://nowhere.invalid' }
