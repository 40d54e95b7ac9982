import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { countRepaired } from '../../faults/judge-production'
import { isOpenJob } from '../../faults/oracle'
import { query, waitFor } from '../../stack'
import { readHealth } from './app'
import { type Database, readDocs } from './parts'
import { runProgram } from './program'
import type { Site } from './troubles'
import { startVisitors, type Visitors } from './visitors'

/*
 * The database is lost while people sign up, and comes back from a dump that was made in the middle of a crowd, with the
 * very commands of docs/operations.md. Then it is lost again, and comes back without the rows of the queue, and again,
 * and comes back without all of pg-boss.
 */

/** The state of an email in a dump: waiting, in a batch without a known outcome, or finished. */
type Held = { id: string; state: 'waiting' | 'under way' | 'done'; batchId: string | null }

/** An email after the restore. */
type Found = { id: string; status: string }

const CROWD = 6
const [LEAST_WAITING, LEAST_UNDER_WAY, LEAST_AFTER] = [20, 3, 20]

/** Once sent, a mail is done with: Resend reports no mail a second time. */
const DONE = ['sent', 'delayed', 'delivered', 'bounced', 'suppressed', 'complained']

/**
 * Dumps the database, goes on, loses it, and restores the dump: as it is, without the jobs, and without pg-boss.
 * @returns what is wrong then, as sentences
 */
export async function surviveLoss(site: Site): Promise<string[]> {
  const { database, stack, image, programs } = site
  const faults: string[] = []

  // 1. Resend hangs: mails are under way, and behind them others wait. In this moment it is dumped.
  await stack.setProvider({ mode: 'hang', rateLimit: 0 })
  const crowd = startVisitors(site.url, CROWD)
  await waitFor(async () => {
    const [row] = await stack.query<{ waiting: number; underWay: number }>(
      `SELECT count(*) FILTER (WHERE "batchId" IS NULL)::int AS waiting, count("batchId")::int AS "underWay"
       FROM "Email" WHERE status IN ('queued', 'sending', 'retrying')`,
    )
    return row !== undefined && row.waiting >= LEAST_WAITING && row.underWay >= LEAST_UNDER_WAY
  })
  const answeredBefore = [...crowd.emails]
  const dump = await runDump(database)

  // 2. All of it goes on, and is sent.
  await stack.setProvider({ mode: 'ok', latencyMs: 50, rateLimit: 10 })
  const goal = crowd.emails.length + LEAST_AFTER
  await waitFor(() => crowd.emails.length >= goal)
  const answered = [...(await crowd.stop())]
  faults.push(...crowd.faults)
  await untilReported(answered)
  const held = await readDump(database, dump)
  const count = (state: Held['state']): number => held.filter((email) => email.state === state).length
  const heldIds = new Set(held.map(({ id }) => id))
  for (const id of answeredBefore)
    if (!heldIds.has(id)) faults.push(`${id}: answered before the dump, and not in it`)
  for (const state of ['waiting', 'under way', 'done'] as const)
    if (count(state) === 0) faults.push(`the dump holds no mail that is ${state}`)

  // 3. The database is lost, and restored as the page says: web servers stay, workers stop until it is there.
  const inDump = (state: Held['state']): string[] =>
    held.filter((email) => email.state === state).map(({ id }) => id)
  const [known = '', ...again] = inDump('waiting')
  const workers = Object.keys(programs).filter((name) => name.startsWith('worker'))
  for (const name of workers) await programs[name]?.end('SIGTERM')
  const whole = await restore('as it is', again, async () => {
    await runRestore(database, dump)
    await markAsSent(database, known)
    for (const name of workers) {
      const start = site.start[name]
      if (start) programs[name] = await start(image)
    }
  })

  // 4. Again, but no process is stopped, and the queue is empty or missing.
  const unfinished = count('waiting') + new Set(held.flatMap(({ batchId }) => batchId ?? [])).size
  const partial = await restore('without jobs', [known, ...again], () => restoreWithoutJobs(database, dump))
  const bare = await restore('without pg-boss', [known, ...again], async () => {
    await runRestore(database, `-N pgboss ${dump}`)
    await site.migrate()
  })
  if (whole.repaired !== 0)
    faults.push(`the sweep has repaired ${whole.repaired} rows, though nothing was missing`)
  for (const { repaired } of [partial, bare])
    if (repaired !== unfinished)
      faults.push(`the sweep has repaired ${repaired} rows instead of ${unfinished}`)

  for (const [name, { isRunning, output }] of Object.entries(programs))
    if (!isRunning()) faults.push(`${name} died: ${output().slice(-3_000)}`)

  console.log(`
The database is lost, and a dump of it restored, that was made in the middle of a crowd:
  held               ${held.length} mails: ${count('waiting')} waited, ${count('under way')} were under way, ${count('done')} were done
  lost with it       ${answered.filter((id) => !heldIds.has(id)).length} signups that were answered since
  sent twice         ${again.length}: what had waited and was sent since, but for one that was marked as sent by hand
  whole again        after ${whole.seconds.toFixed(0)} s
Restored without the jobs:
  repaired           ${partial.repaired} rows (health said ${partial.stranded} stranded)
  whole again        after ${partial.seconds.toFixed(0)} s
Restored without pg-boss, and migrated:
  repaired           ${bare.repaired} rows (health said ${bare.stranded} stranded)
  whole again        after ${bare.seconds.toFixed(0)} s
`)
  return faults

  /**
   * Loses the database, restores it while people sign up, waits until it is whole, and judges.
   * @param again the ids of the emails that are to be sent once more
   */
  async function restore(how: string, again: string[], act: () => Promise<void>) {
    const before = await readAccepted()
    await database.maintain('DROP DATABASE app WITH (FORCE)')
    const visitors = startVisitors(site.url)
    await act()
    const restored = Date.now()
    await waitFor(() => visitors.emails.length > 0)
    await visitors.stop()
    let stranded = 0
    await waitFor(async () => {
      const health = await readHealth(site.url).catch(() => undefined)
      stranded = Math.max(stranded, health?.stranded ?? 0)
      return health?.workers === 2 && (await isAtRest(stack))
    })
    const seconds = (Date.now() - restored) / 1000
    await untilReported([...again, ...visitors.emails])
    const wrong = judge(before, await readAccepted(), await readFound(), visitors, new Set(again))
    faults.push(...wrong.map((fault) => `restored ${how}: ${fault}`))
    return { seconds, stranded, repaired: await countRepaired(stack) }
  }

  function judge(
    before: Accepted,
    after: Accepted,
    found: Found[],
    { emails, answers, faults }: Visitors,
    again: Set<string>,
  ): string[] {
    const wrong = [...faults]
    const statuses = new Map(found.map(({ id, status }) => [id, status]))
    for (const { id, state } of held) {
      const status = statuses.get(id)
      if (!status) wrong.push(`${id}: ${state} in the dump, and lost`)
      else if (!DONE.includes(status)) wrong.push(`${id}: ${state} in the dump, and now ${status}`)
      // Its outcome was in the dump, or its key: no second mail. Of a mail that had waited, there is neither.
      const more = (after[id]?.accepted ?? 0) - (before[id]?.accepted ?? 0)
      const due = again.has(id) ? 1 : 0
      if (more !== due) wrong.push(`${id}: ${state} in the dump, and ${more} mails more instead of ${due}`)
    }
    for (const id of emails) {
      if (!statuses.has(id)) wrong.push(`${id}: answered after the restore, and lost`)
      if (after[id]?.accepted !== 1) wrong.push(`${id}: ${after[id]?.accepted} mails after the restore`)
    }
    const others = found.length - held.length - emails.length
    if (others !== 0) wrong.push(`${others} emails more than the dump and the signups since`)
    for (const status of answers.keys())
      if (status !== 201 && status !== 503) wrong.push(`people got ${status}`)
    return wrong
  }

  /** Waits until Resend's last report of each of these has come: one that came after a restore would tell of what is lost. */
  function untilReported(ids: string[]): Promise<void> {
    return waitFor(async () => {
      const open = await stack.query(
        `SELECT FROM "Email" WHERE id = ANY ($1::uuid[]) AND status <> 'delivered'`,
        [ids],
      )
      return open.length === 0
    })
  }

  async function readAccepted(): Promise<Accepted> {
    return structuredClone((await stack.setProvider({})).emails)
  }

  function readFound(): Promise<Found[]> {
    return stack.query<Found>('SELECT id, status FROM "Email"')
  }
}

type Accepted = Record<string, { accepted: number }>

/** Whether no mail waits and no job is left to do. */
async function isAtRest(stack: Site['stack']): Promise<boolean> {
  const [row] = await stack
    .query<{ open: number }>(
      `SELECT (SELECT count(*) FROM "Email" WHERE status IN ('queued', 'sending', 'retrying'))::int
         + (SELECT count(*) FROM pgboss.job WHERE ${isOpenJob})::int AS open`,
    )
    .catch(() => [])
  return row?.open === 0
}

async function runDump(database: Database): Promise<string> {
  const file = path.join(database.folder, 'app.dump')
  await runShell(database, await readDocs('sh', { 'app.dump': file }, { first: 'pg_dump' }))
  return file
}

async function runRestore(database: Database, dump: string): Promise<void> {
  await runShell(database, await readDocs('sh', { 'app.dump': dump }, { first: 'psql' }))
}

/** Tells the database of a mail that Resend's log has, as the page says. */
async function markAsSent({ ownerUrl }: Database, id: string): Promise<void> {
  await query(ownerUrl, await readDocs('sql', { "'an id'": `'${id}'` }, { first: 'UPDATE "Email"' }))
}

/** Restores all but the rows of pg-boss's jobs. */
async function restoreWithoutJobs(database: Database, dump: string): Promise<void> {
  const list = await runShell(database, `pg_restore -l ${dump}`)
  const lines = list.split('\n').filter((line) => !/ TABLE DATA pgboss job/.test(line))
  await writeFile(`${dump}.list`, lines.join('\n'))
  await runRestore(database, `-L ${dump}.list ${dump}`)
}

/** The contents of a dump, restored into a database of its own. */
async function readDump(database: Database, dump: string): Promise<Held[]> {
  const name = 'look_into_the_dump'
  await database.maintain(`CREATE DATABASE ${name} OWNER owner`)
  const url = new URL(database.ownerUrl)
  url.pathname = `/${name}`
  await runShell(database, `pg_restore --single-transaction -d ${url} ${dump}`)
  return await query<Held>(
    url.href,
    `SELECT id, "batchId", CASE WHEN status NOT IN ('queued', 'sending', 'retrying') THEN 'done'
       WHEN "batchId" IS NULL THEN 'waiting' ELSE 'under way' END AS state
     FROM "Email"`,
  )
}

function runShell(database: Database, commands: string): Promise<string> {
  const { bin, ownerUrl, maintenanceUrl } = database
  const env = { PATH: `${bin}:${process.env.PATH}`, OWNER_URL: ownerUrl, ADMIN_URL: maintenanceUrl }
  return runProgram(['sh', '-ec', commands], { env })
}
