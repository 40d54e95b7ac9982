import { existsSync } from 'node:fs'
import { connectionConfig, SafeClient } from '@/lib/db/connection'
import { listMigrations } from '@/lib/db/list-migrations'
import { env, findProblems, inSandbox, isLoopback, type Setting } from '@/lib/env'
import { QUEUES, SCHEDULES } from '@/lib/queue'

type Conflict = [problem: string, remedy: string]

/** Connections of a process on top of DATABASE_POOL_SIZE, at most: see docs/operations.md. */
const EXTRA_FOR_WEB = 7
const EXTRA_FOR_WORKER = 15

/** Of the project, or of the image. It is not there if this runs elsewhere. */
const MIGRATIONS = 'prisma/migrations'

/** Finds settings that conflict with each other or with the database. */
export async function checkSettings(workers: number): Promise<Conflict[]> {
  return [...checkEnvironment(), ...(await checkDatabase(workers))]
}

function checkEnvironment(): Conflict[] {
  const problems = findProblems()
  const conflicts = [...problems.values()].map(
    (problem): Conflict => [problem, 'No process starts until it is right.'],
  )
  const isUnset = (name: Setting): boolean => !problems.has(name) && env(name) === undefined
  const appUrl = read('APP_URL') ?? ''
  const [key, baseUrl] = [read('RESEND_API_KEY'), read('RESEND_BASE_URL')]
  const check = (isWrong: boolean, ...conflict: Conflict): unknown => isWrong && conflicts.push(conflict)
  check(
    key === 're_sandbox' && !inSandbox() && !problems.has('RESEND_BASE_URL'),
    'RESEND_API_KEY is that of the sandbox, and RESEND_BASE_URL is not on this computer: no mail goes out.',
    'Set an API key of Resend.',
  )
  check(
    inSandbox() && appUrl.startsWith('https:'),
    'APP_URL is on the internet, and all mail stays in the sandbox.',
    'Set an API key of Resend, and remove RESEND_BASE_URL.',
  )
  if (!inSandbox() && !problems.has('RESEND_BASE_URL')) {
    check(baseUrl !== undefined, `Mail goes to ${baseUrl} instead of Resend.`, 'Remove RESEND_BASE_URL.')
    check(
      isUnset('RESEND_WEBHOOK_SECRET'),
      'Without RESEND_WEBHOOK_SECRET webhooks are rejected: tickets stay at "sent".',
      'Create a webhook at Resend and set its signing secret.',
    )
    check(
      isUnset('APP_SECRET'),
      'Without APP_SECRET the API key signs links: a new key makes the links in mails invalid.',
      'Set APP_SECRET to the current API key.',
    )
    check(
      /@resend\.dev>?$/.test(read('EMAIL_FROM') ?? ''),
      'EMAIL_FROM is a test sender of Resend, which reaches only yourself.',
      'Set an address at a domain that you have verified with Resend.',
    )
    check(
      appUrl !== '' && isLoopback(new URL(appUrl).hostname),
      `The links in mails lead to ${appUrl}.`,
      'Set APP_URL to where people reach the app.',
    )
  }
  check(
    appUrl.startsWith('https:') && read('TRUSTED_HOPS') === 0,
    'APP_URL is https, so there is a proxy, and TRUSTED_HOPS is 0: all visitors share their limits.',
    'Set TRUSTED_HOPS to the number of your proxies.',
  )
  return conflicts
}

async function checkDatabase(workers: number): Promise<Conflict[]> {
  const conflicts: Conflict[] = []
  const client = new SafeClient({ ...connectionConfig(), application_name: 'doctor' })
  await client.connect()
  const { rows } = await client.query(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
       current_setting('TimeZone') AS timezone, current_setting('statement_timeout') AS statement_timeout,
       current_setting('lock_timeout') AS lock_timeout,
       current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction_session_timeout,
       abs(extract(epoch FROM clock_timestamp() - $1::timestamptz))::int AS skew,
       pg_is_in_recovery() AS standby, current_setting('transaction_read_only')::bool AS readonly,
       EXISTS (SELECT FROM "Email" WHERE status = 'sent' AND "updatedAt" BETWEEN now() - interval '1 day' AND now() - interval '1 hour')
         AND NOT EXISTS (SELECT FROM "Email" WHERE status IN ('delayed', 'delivered', 'bounced', 'complained')
           AND "updatedAt" > now() - interval '1 day') AS unreported,
       (SELECT array_agg(name) FROM pgboss.queue) AS queues, (SELECT array_agg(name) FROM pgboss.schedule) AS schedules`,
    [new Date()],
  )
  const found = rows[0]
  // A PgBouncer may ignore the settings of a connection.
  const unset = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].filter(
    (name) => found[name] === '0',
  )
  if (found.timezone !== 'UTC') unset.push('timezone')
  if (unset.length > 0)
    conflicts.push([
      `Connections lack these settings, because a pooler ignores them: ${unset.join(', ')}.`,
      'Set them for the role, with ALTER ROLE: docs/operations.md, PgBouncer.',
    ])

  if (found.standby || found.readonly)
    conflicts.push([
      `The database is ${found.standby ? 'a standby' : 'read-only'}: signups are a 503, and no worker counts as live.`,
      'Promote it, or free its disk and end the read-only state.',
    ])
  // A standby rejects LISTEN.
  if (!found.standby) await client.query('LISTEN doctor')
  const { rowCount } = await client.query('SELECT pg_listening_channels()')
  if (rowCount === 0 && !found.standby)
    conflicts.push([
      'Connections cannot LISTEN behind a transaction pooler.',
      'Use session pooling, or the direct address: docs/operations.md, PgBouncer.',
    ])
  const applied = await client.query(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL',
  )
  await client.end()
  const known = existsSync(MIGRATIONS) ? await listMigrations(MIGRATIONS) : []
  const lacking = known.filter((name) => !applied.rows.some((row) => row.name === name))
  if (lacking.length > 0)
    conflicts.push([`The database lacks these migrations: ${lacking.join(', ')}.`, 'npm run migrate'])

  const size = env('DATABASE_POOL_SIZE')
  // A release runs one more process for a while.
  const needed = size + EXTRA_FOR_WEB + (Math.max(workers, 1) + 1) * (size + EXTRA_FOR_WORKER)
  if (needed > found.connections)
    conflicts.push([
      `A web server, ${Math.max(workers, 1)} workers and one more during a release may need ${needed} connections, and Postgres has ${found.connections}.`,
      'Lower DATABASE_POOL_SIZE, or raise max_connections.',
    ])
  if (found.skew > 60)
    conflicts.push([
      `The clock of this computer is ${found.skew} s off that of the database.`,
      'Synchronize the clocks: from 300 s on, webhooks are rejected.',
    ])
  if (found.unreported && read('RESEND_WEBHOOK_SECRET'))
    conflicts.push([
      'Mails were sent, and for a day no webhook has reported one.',
      'Compare the address and the signing secret of the webhook at Resend, and look for “Rejected a webhook” in the log.',
    ])
  const missing = [
    ...Object.keys(QUEUES).filter((name) => !found.queues?.includes(name)),
    ...Object.keys(SCHEDULES).filter((name) => !found.schedules?.includes(name)),
  ]
  if (missing.length > 0)
    conflicts.push([
      `The database lacks these queues and schedules: ${missing.join(', ')}.`,
      'npm run migrate',
    ])
  return conflicts
}

/** Reads a setting, or undefined if it is malformed. */
function read<Name extends Setting>(name: Name): ReturnType<typeof env<Name>> | undefined {
  return findProblems([name]).size > 0 ? undefined : env(name)
}
