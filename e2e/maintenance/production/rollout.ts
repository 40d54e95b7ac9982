/* The live part of run.ts. Arguments: a folder to work in, and the one with the images. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AS_IN_PRODUCTION } from '../../as-in-production'
import { findRepaired, findUncaught, findWrongTimes } from '../../faults/judge-production'
import { findFaults, untilSettled, watchStatuses } from '../../faults/oracle'
import { askSandbox, findPort, query, WEB_EXIT_CODES } from '../../stack'
import { percentile } from '../bench/measure'
import { migrate, readHealth, type Settings, startWeb, startWorker } from './app'
import type { Image } from './image'
import { startLoad } from './load'
import { startDatabase, startNginx, startPgBouncer } from './parts'
import { endPrograms, startProgram } from './program'
import { surviveLoss } from './restore'
import { type Site, surviveTroubles, ZONES } from './troubles'

const VISITORS_A_SECOND = 2
/** A little more than nginx's. */
const FAIL_TIMEOUT_MS = 6_000
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const SANDBOX_KEY = 'the-key-of-the-sandbox-in-this-rehearsal'

const [folder = '', images = ''] = process.argv.slice(2)
const disk = path.join(folder, 'disk')
const faults: string[] = []
/** The output of the processes that have been replaced. */
const logs: string[] = []
const started = Date.now()
let slowestEnd = 0
const check = (what: string, holds: boolean): void => {
  if (!holds) faults.push(what)
}

process.on('exit', unmountDisk)
try {
  await mountDisk()
  const ports = await Promise.all(Array.from({ length: 5 }, findPort))
  const [dbPort = 0, bouncerPort = 0, webPort = 0, otherPort = 0, tlsPort = 0] = ports
  const url = `https://localhost:${tlsPort}`

  // 1. The parts. One web server and one worker reach the database through PgBouncer, the others directly. None is in UTC.
  const database = await startDatabase(folder, dbPort, { diskFolder: disk, TZ: ZONES[0] })
  const { url: bouncerUrl } = await startPgBouncer(folder, bouncerPort, database.appUrl)
  const provider = await startProgram(['node', '--import', 'tsx', 'sandbox/serve-resend.ts'], {
    env: {
      ...(process.env as Settings),
      WEBHOOK_URL: `${url}/api/webhooks/resend`,
      RESEND_WEBHOOK_SECRET: SECRET,
      SANDBOX_KEY,
    },
    isReady: (output) => /READY/.test(output),
  })
  const resendUrl = /READY (\S+)/.exec(provider.output())?.[1] ?? ''
  const sandbox = { RESEND_BASE_URL: resendUrl, SANDBOX_KEY }
  await startNginx(folder, tlsPort, [webPort, otherPort])
  const settings = (databaseUrl: string, zone: string): Settings => ({
    ...AS_IN_PRODUCTION,
    TZ: zone,
    DATABASE_URL: databaseUrl,
    APP_URL: url,
    RESEND_BASE_URL: resendUrl,
    RESEND_WEBHOOK_SECRET: SECRET,
    TRUSTED_HOPS: '1',
  })
  const direct = settings(database.appUrl, ZONES[1])
  const bounced = settings(bouncerUrl, ZONES[0])
  const owner = settings(database.ownerUrl, ZONES[1])

  // 2. The first deployment.
  const now = await readImage('now')
  const next = await readImage('next')
  const chunks = await readdir(path.join(now.folder, '.next/server/chunks'))
  check(
    'stacks of the web server name lines of the source',
    chunks.some((name) => name.endsWith('.js.map')),
  )
  await migrate(now, owner)
  const stack = {
    query: <Row>(sql: string, values?: unknown[]) => query<Row>(database.ownerUrl, sql, values),
    async setProvider(changes: object) {
      const answer = await askSandbox(sandbox, '/sandbox', { method: 'PUT', body: JSON.stringify(changes) })
      return await answer.json()
    },
  }
  await watchStatuses(stack)
  const site: Site = {
    url,
    database,
    stack,
    image: now,
    programs: {},
    start: {
      'web 1': (image, more) => startWeb(image, webPort, { ...bounced, ...more }),
      'web 2': (image, more) => startWeb(image, otherPort, { ...direct, ...more }),
      'worker 1': (image, more) => startWorker(image, { ...bounced, ...more }),
      'worker 2': (image, more) => startWorker(image, { ...direct, ...more }),
    },
    migrate: () => migrate(now, owner),
    replace,
  }
  for (const [name, start] of Object.entries(site.start)) site.programs[name] = await start(now)
  const [zone] = await database.sql<{ TimeZone: string }>('SHOW timezone')
  check(`Postgres is in ${zone?.TimeZone}`, zone?.TimeZone === ZONES[0])
  check('health counts two workers', (await readHealth(url)).workers === 2)

  // 3. While people sign up, the next version comes, and goes again.
  const load = startLoad(url, VISITORS_A_SECOND)
  await untilSignups(20)
  await migrate(next, owner)
  for (const name of ['worker 1', 'worker 2', 'web 1', 'web 2']) await replace(name, next)
  check('the next version’s column is there', (await readLocales()) > 0)
  check('its queue option holds', (await readRetryDelay()) === 120)
  await untilSignups(20)
  for (const name of ['web 1', 'web 2', 'worker 1', 'worker 2']) await replace(name, now)
  await migrate(now, owner)
  check('the older queue option is back', (await readRetryDelay()) === 300)
  await untilSignups(20)
  const { requests, failures, emails, times, comebacks } = await load.stop()
  await untilSettled(stack)
  faults.push(...failures.map((failure) => `failed request: ${failure}`))
  faults.push(...(await findFaults(stack, emails)))
  const { accepted, emails: books } = await stack.setProvider({})
  const doubles = Object.values(books as Record<string, { accepted: number }>)
    .map((mail) => Math.max(0, mail.accepted - 1))
    .reduce((sum, more) => sum + more, 0)
  const texts = await readTexts(sandbox)
  const [older, newer] = [texts.filter((text) => !isNewer(text)), texts.filter(isNewer)]
  check('mails of both versions', older.length > 0 && newer.length > 0)

  console.log(`
A rolling deployment of the next version, and back, under ${VISITORS_A_SECOND} visitors a second:
  requests            ${requests}, of them ${emails.length} signups
  failed              ${failures.length}
  mails               ${accepted} (${older.length} by one version, ${newer.length} by the other)
  doubled or lost     ${doubles} / ${emails.length - (accepted - doubles)}
  a signup took       ${percentile(times, 0.5).toFixed(0)} ms, p95 ${percentile(times, 0.95).toFixed(0)} ms
  streams that broke  ${comebacks}, all came back
  a process ended in  ${(slowestEnd / 1000).toFixed(1)} s at the most
`)

  for (const fault of faults) console.log(fault)
  for (const line of failures.length > 0 ? logs.join('\n').split('\n').filter(isComplaint) : [])
    console.log(line)

  // 4. The systems around it get into trouble.
  faults.push(...(await surviveTroubles(site, disk, emails)))
  faults.push(...(await findRepaired(stack)), ...(await findWrongTimes(stack, started)))

  // 5. It is lost, and comes back from a dump.
  faults.push(...(await surviveLoss(site)))
  for (const log of [...logs, ...Object.values(site.programs).map((program) => program.output())])
    faults.push(...findUncaught(log))

  async function replace(name: string, image: Image, more?: Settings): Promise<void> {
    const old = site.programs[name]
    const start = site.start[name]
    if (!start) throw new Error(`No ${name}`)
    const isWeb = name.startsWith('web')
    // The port of a web server is taken until the old one has ended. A worker has none.
    const young = isWeb ? undefined : await start(image, more)
    const began = Date.now()
    const code = await old?.end('SIGTERM')
    if (old) {
      const expected = isWeb ? WEB_EXIT_CODES : [0]
      check(`${name} ended with ${code}: ${old.output().slice(-3_000)}`, expected.includes(code))
      logs.push(old.output())
      slowestEnd = Math.max(slowestEnd, Date.now() - began)
    }
    site.programs[name] = young ?? (await start(image, more))
    // nginx sends it no requests until then: see docs/operations.md.
    if (isWeb) await sleep(FAIL_TIMEOUT_MS)
  }

  async function untilSignups(count: number): Promise<void> {
    const goal = load.report.emails.length + count
    for (const end = Date.now() + 60_000; load.report.emails.length < goal; await sleep(100)) {
      if (Date.now() > end) throw new Error(`No signup works: ${load.report.failures.slice(-3).join('\n')}`)
    }
  }

  async function readLocales(): Promise<number> {
    return (await database.sql(`SELECT FROM "User" WHERE locale = 'en' LIMIT 1`)).length
  }

  async function readRetryDelay(): Promise<number | undefined> {
    const [row] = await database.sql<{ max: number }>(
      `SELECT retry_delay_max AS max FROM pgboss.queue WHERE name = 'send-email'`,
    )
    return row?.max
  }
} catch (error) {
  faults.push((error as Error).stack ?? String(error))
} finally {
  await endPrograms()
}
console.log(faults.length === 0 ? 'Every promise was kept.' : `NOT kept:\n${[...new Set(faults)].join('\n')}`)
process.exit(faults.length === 0 ? 0 : 1)

async function readImage(name: string): Promise<Image> {
  return JSON.parse(await readFile(path.join(images, `${name}.json`), 'utf8'))
}

/** The texts of all mails that the stand-in for Resend has. */
async function readTexts(sandbox: Settings): Promise<string[]> {
  const answer = await askSandbox(sandbox, '/emails')
  const { data } = (await answer.json()) as { data: { text?: string; html?: string }[] }
  return data.map(({ html, text }) => `${html} ${text}`)
}

/** Returns false for the lines that a process prints when all is well. */
function isComplaint(line: string): boolean {
  return /\S/.test(line) && !/"level":"info"|Ready|Running|Next\.js|- (Local|Network)/.test(line)
}

function isNewer(text: string): boolean {
  return text.includes('the next version says')
}

/** A disk of its own for the database's tables, small enough to be filled: only root can make one. */
async function mountDisk(): Promise<void> {
  await mkdir(disk, { recursive: true })
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'none', disk], { stdio: 'ignore' })
  } catch {
    console.log('No disk can be mounted here: what a full one does is left out.')
  }
}

function unmountDisk(): void {
  try {
    execFileSync('umount', [disk], { stdio: 'ignore' })
  } catch {
    // There was none.
  }
}
