/*
 * npm run test:failover
 *
 * The database's primary is lost while people sign up, and a standby takes over: behind a PgBouncer that is pointed to it,
 * by the commands of docs/operations.md. Web server and workers have production's settings and are not restarted.
 *
 * It needs Debian's packages (see production/parts.ts) and three minutes. With --only <word> it runs the scenarios with
 * the word in their names.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail, readArguments } from '../../lib/ops/arguments'
import { BUNDLE } from '../../sandbox/bundle'
import { findFaults, untilSettled, watchStatuses } from '../faults/oracle'
import { askSandbox, findPort, query, type Stack } from '../stack'
import { type Crowd, startCrowd } from './crowd'
import {
  type Database,
  findParts,
  readDocs,
  runSql,
  startDatabase,
  startPgBouncer,
  startStandby,
} from './production/parts'
import { endPrograms, type Program, runProgram, startProgram } from './production/program'
import { startSlowLink } from './slow-link'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const SANDBOX_KEY = 'the-key-of-the-sandbox-in-these-scenarios'
/** Signups before and after the failover. */
const SIGNUPS = 50
const PATIENCE_MS = 180_000

type Scenario = {
  name: string
  isSynchronous: boolean
  /** How far behind the standby is, in ms. Changes on their way are lost with the primary. */
  behindMs?: number
  /** Takes the primary out of service. It never comes back. */
  lose(primary: Database, standby: Database): Promise<unknown>
}

const SCENARIOS: Scenario[] = [
  { name: 'a synchronous standby; the primary loses its power', isSynchronous: true, lose: cutPower },
  { name: 'an asynchronous standby next door; the same', isSynchronous: false, lose: cutPower },
  {
    name: 'an asynchronous standby a second behind; the same',
    isSynchronous: false,
    behindMs: 1_000,
    lose: cutPower,
  },
  { name: 'a planned switch; the old primary lives on, read-only', isSynchronous: false, lose: makeReadOnly },
]

const { values } = readArguments('npm run test:failover [-- --only WORD]', {
  only: { type: 'string', default: '' },
})
const chosen = SCENARIOS.filter(({ name }) => name.includes(values.only))
if (chosen.length === 0)
  fail(`No scenario has "${values.only}" in its name:\n${SCENARIOS.map(({ name }) => name).join('\n')}`)
findParts()
const logs = path.resolve('test-results', 'failover')
await mkdir(logs, { recursive: true })
const folder = await mkdtemp(path.join(tmpdir(), 'failover-'))
await chmod(folder, 0o755)
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
const faults: string[] = []
for (const scenario of chosen) {
  try {
    faults.push(...(await survive(scenario)))
  } catch (error) {
    faults.push((error as Error).stack ?? String(error))
  } finally {
    await endPrograms()
  }
}
console.log(faults.length === 0 ? 'Every promise was kept.' : `NOT kept:\n${faults.join('\n')}`)
process.exit(faults.length === 0 ? 0 : 1)

/** Runs a scenario on an installation of its own. Returns what is wrong in the end, as sentences. */
async function survive({ name, isSynchronous, behindMs = 0, lose }: Scenario): Promise<string[]> {
  // 1. A primary with a standby.
  const home = path.join(folder, `${SCENARIOS.findIndex((scenario) => scenario.name === name)}`)
  await mkdir(home)
  const ports = await Promise.all(Array.from({ length: 4 }, findPort))
  const [primaryPort = 0, standbyPort = 0, bouncerPort = 0, webPort = 0] = ports
  const primary = await startDatabase(home, primaryPort)
  const role = await readDocs(
    'sql',
    { "'a third password'": "'replica-secret'" },
    { heading: '#### A standby' },
  )
  await runSql(primary.maintenanceUrl, role)
  const link = behindMs > 0 ? await startSlowLink(primaryPort, behindMs) : undefined
  const standby = await startStandby(home, standbyPort, link?.port ?? primaryPort)
  if (isSynchronous)
    await runSql(primary.maintenanceUrl, await readDocs('sql', {}, { heading: '#### Synchronous or not' }))
  const state = isSynchronous ? 'sync' : 'async'
  await until(`a standby that is ${state}`, async () => {
    const [row] = await primary.sql<{ state: string }>('SELECT sync_state AS state FROM pg_stat_replication')
    return row?.state === state
  })

  // 2. The app.
  const bouncer = await startPgBouncer(home, bouncerPort, primary.appUrl)
  const url = `http://localhost:${webPort}`
  const resend = await startProgram(['node', '--import', 'tsx', 'sandbox/serve-resend.ts'], {
    env: { WEBHOOK_URL: `${url}/api/webhooks/resend`, RESEND_WEBHOOK_SECRET: SECRET, SANDBOX_KEY },
    isReady: (output) => /READY/.test(output),
  })
  const resendUrl = /READY (\S+)/.exec(resend.output())?.[1] ?? ''
  const sandbox = { RESEND_BASE_URL: resendUrl, SANDBOX_KEY }
  const settings = {
    NODE_ENV: 'production',
    DATABASE_URL: bouncer.url,
    APP_URL: url,
    RESEND_API_KEY: 're_failover_5d2c7e',
    RESEND_BASE_URL: resendUrl,
    RESEND_WEBHOOK_SECRET: SECRET,
    ...{ LIMIT_SIGNUPS_PER_VISITOR: '100000', LIMIT_SIGNUPS_PER_MINUTE: '100000' },
    ...{
      LIMIT_MAILS_PER_MAILBOX: '1000',
      LIMIT_MAILS_PER_HOUR: '100000',
      LIMIT_REQUESTS_PER_VISITOR: '100000',
      LIMIT_CONCURRENCY_PER_VISITOR: '0',
    },
  }
  const migration = { env: { ...settings, DATABASE_URL: primary.ownerUrl } }
  await runProgram(['node', '--import', 'tsx', 'prisma/migrate.ts'], migration)
  let current = primary
  const stack: Pick<Stack, 'query' | 'setProvider'> = {
    query: <Row>(sql: string, values?: unknown[]) => query<Row>(current.ownerUrl, sql, values),
    async setProvider(changes) {
      const answer = await askSandbox(sandbox, '/sandbox', { method: 'PUT', body: JSON.stringify(changes) })
      return await answer.json()
    },
  }
  await watchStatuses(stack)
  const web = await startProgram(['node', 'node_modules/next/dist/bin/next', 'start', '-p', `${webPort}`], {
    env: settings,
    isReady: async () => (await fetch(`${url}/api/health`).catch(() => undefined))?.ok ?? false,
  })
  const workers = await Promise.all(
    Array.from({ length: 2 }, () =>
      startProgram(['node', path.resolve(BUNDLE, 'index.mjs')], {
        env: settings,
        isReady: (output) => /Ready for jobs/.test(output),
      }),
    ),
  )

  // 3. The failover, in the middle of a crowd.
  const processes: Record<string, Program> = {
    web,
    'worker 1': workers[0] as Program,
    'worker 2': workers[1] as Program,
    pgbouncer: bouncer.program,
  }
  process.on('exit', () => {
    for (const [process, { output }] of Object.entries(processes))
      writeFileSync(path.join(logs, `${name} - ${process}.log`), output())
  })
  const crowd = startCrowd(url)
  await untilSignups(crowd, SIGNUPS)
  const lostAt = performance.now()
  link?.close()
  await lose(primary, standby)
  const commands = await readDocs(
    'sh',
    {
      'host=10.0.0.6 port=5432 user=postgres': standby.adminUrl,
      'host=10.0.0.6 port=5432': `host=127.0.0.1 port=${standbyPort}`,
      '/etc/pgbouncer/pgbouncer.ini': bouncer.config,
      'systemctl reload pgbouncer': `kill -HUP ${bouncer.program.pid}`,
    },
    { heading: '#### When the primary is lost' },
  )
  await runProgram(['sh', '-ec', commands])
  const switchedAt = performance.now()
  current = standby
  await untilSignups(crowd, crowd.answered().filter(({ at }) => at < switchedAt).length + SIGNUPS)
  const answered = await crowd.stop()
  const stoppedAt = performance.now()
  const losesNothing = isSynchronous || lose === makeReadOnly
  const settled = losesNothing ? untilSettled(stack) : untilSent(stack)
  const isSettled = await Promise.race([settled.then(() => true), sleep(PATIENCE_MS, false)])
  const settledAt = performance.now()

  // 4. The outcome.
  const wrong: string[] = []
  for (const [process, { isRunning, output }] of Object.entries(processes)) {
    if (!isRunning()) wrong.push(`${process} died: ${output().slice(-2_000)}`)
    if (/uncaught|unhandled/i.test(output()))
      wrong.push(`${process}: ${/.*(uncaught|unhandled).*/i.exec(output())}`)
  }
  if (!isSettled) wrong.push(`not settled after ${PATIENCE_MS / 1000} s`)
  wrong.push(...crowd.failures())
  const ids = answered.map(({ id }) => id)
  const existing = await stack.query<{ id: string }>('SELECT id FROM "Email" WHERE id = ANY ($1)', [ids])
  const inDatabase = new Set(existing.map(({ id }) => id))
  const lost = new Set(ids.filter((id) => !inDatabase.has(id)))
  const { emails: books } = await stack.setProvider({})
  const mails = Object.entries(books)
  const lostButMailed = mails.filter(([id, { accepted }]) => lost.has(id) && accepted > 0).length
  const twice = mails.filter(([, { accepted }]) => accepted > 1).length
  const kept = ids.filter((id) => !lost.has(id))
  // Signups that an asynchronous standby loses are counted, and all that it has kept must be right. Resend does not repeat a
  // report that the old primary had confirmed, so its mail stays "sent".
  const found = await findFaults(stack, losesNothing ? ids : kept)
  const withoutReport = losesNothing ? [] : found.filter((fault) => / is sent after /.test(fault))
  const isLoss = (fault: string): boolean => !losesNothing && / 2 mails sent| is sent after /.test(fault)
  wrong.push(...found.filter((fault) => !isLoss(fault)))
  const firstAfter = answered.find(({ at }) => at > switchedAt)?.at ?? Number.NaN
  console.log(`
${name}:
  signups answered    ${ids.length}
  lost                ${lost.size}, of them mailed ${lostButMailed}
  mailed twice        ${twice}
  reports lost        ${withoutReport.length}
  longest silence     ${seconds(findLongestSilence(answered.map(({ at }) => at)))} without an answer 201
  promoted            ${seconds(switchedAt - lostAt)} after the loss
  the first 201       ${seconds(firstAfter - switchedAt)} after that
  asked again         ${crowd.retries()} times
  all mails settled   ${isSettled ? seconds(settledAt - stoppedAt) : 'NOT'} after the last signup
`)
  return wrong.map((fault) => `${name}: ${fault}`)
}

/** Simulates a power cut: none of its processes writes another byte. */
async function cutPower({ program }: Database): Promise<void> {
  const children = readFileSync(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8').trim().split(' ')
  for (const pid of [program.pid, ...children.map(Number)]) process.kill(pid, 'SIGKILL')
  await program.ended
}

/** Makes the primary read-only: it still answers. Waits until the standby has all of its data. */
async function makeReadOnly(primary: Database, standby: Database): Promise<void> {
  await runSql(
    primary.maintenanceUrl,
    'ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf();',
  )
  await until('a standby that has everything', async () => {
    const [written] = await primary.sql<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn')
    const [row] = await standby.sql<{ behind: number }>(
      `SELECT pg_wal_lsn_diff('${written?.lsn}', pg_last_wal_replay_lsn())::int AS behind`,
    )
    return row?.behind === 0
  })
}

async function untilSignups(crowd: Crowd, count: number): Promise<void> {
  await until(`${count} signups`, () => crowd.answered().length >= count)
}

/** Waits until nothing is left to send, and five seconds more for the last reports. */
async function untilSent(stack: Pick<Stack, 'query'>): Promise<void> {
  const unsent = `SELECT FROM "Email" WHERE status IN ('queued', 'sending', 'retrying')`
  await until('end of sending', async () => (await stack.query(unsent)).length === 0)
  await sleep(5_000)
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await condition()); await sleep(50))
    if (Date.now() > end) throw new Error(`No ${what} within ${PATIENCE_MS / 1000} s`)
}

function findLongestSilence(times: number[]): number {
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time))
  return Math.max(...gaps)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
