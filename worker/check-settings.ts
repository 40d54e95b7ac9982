import { connectionConfig, SafeClient } from '@/lib/db/connection'
import { env, inSandbox, type Setting } from '@/lib/env'
import { QUEUES, SCHEDULES } from '@/lib/queue'

/** What does not fit, and what to do about it. */
type Misfit = [what: string, remedy: string]

/** Besides those for its queries: see docs/operations.md, "The database". */
const MORE_FOR_WEB = 7
const MORE_FOR_WORKER = 13

/** Settings and a database that work alone, and not together. @throws when the database is unreachable */
export async function checkSettings(workers: number): Promise<Misfit[]> {
  return [...checkEnvironment(), ...(await checkDatabase(workers))]
}

function checkEnvironment(): Misfit[] {
  const misfits: Misfit[] = []
  const read = <Name extends Setting>(name: Name): ReturnType<typeof env<Name>> | undefined => {
    try {
      return env(name)
    } catch (error) {
      misfits.push([(error as Error).message, 'No process starts without it.'])
    }
  }
  const appUrl = read('APP_URL') ?? ''
  const isLocal = /^http:\/\/(localhost|127\.|\[::1\])/.test(appUrl)
  const [key, baseUrl] = [read('RESEND_API_KEY'), read('RESEND_BASE_URL')]
  const check = (isWrong: boolean, ...misfit: Misfit): unknown => isWrong && misfits.push(misfit)
  check(
    key === 're_sandbox' && !inSandbox(),
    'RESEND_API_KEY is the one of the sandbox, and RESEND_BASE_URL is not on this computer.',
    'Set a key of Resend: none of this mail goes out.',
  )
  check(
    inSandbox() && appUrl !== '' && appUrl.startsWith('https:'),
    'APP_URL is for people on the internet, and all mail stays in the sandbox.',
    'Set a key of Resend, and take RESEND_BASE_URL out.',
  )
  if (!inSandbox()) {
    check(baseUrl !== undefined, `Mail goes to ${baseUrl} instead of Resend.`, 'Take RESEND_BASE_URL out.')
    check(
      read('RESEND_WEBHOOK_SECRET') === undefined,
      'Without RESEND_WEBHOOK_SECRET no delivery report is believed: "sent" is the last that a ticket says.',
      'Create a webhook at Resend and set its signing secret.',
    )
    check(
      read('APP_SECRET') === undefined,
      'Without APP_SECRET the API key signs links: with the next key, those in mails are no longer valid.',
      'Set APP_SECRET to the API key of today.',
    )
    check(
      /@resend\.dev>?$/.test(read('EMAIL_FROM') ?? ''),
      'EMAIL_FROM is a test sender of Resend, which reaches only yourself.',
      'Set an address at a domain that you have verified with Resend.',
    )
    check(isLocal, `The links in mails lead to ${appUrl}.`, 'Set APP_URL to where people reach the app.')
  }
  check(
    appUrl.startsWith('https:') && read('TRUSTED_HOPS') === 0,
    'APP_URL is https, so a proxy stands in front, and TRUSTED_HOPS is 0: all visitors count as one.',
    'Set TRUSTED_HOPS to the number of your proxies.',
  )
  return misfits
}

async function checkDatabase(workers: number): Promise<Misfit[]> {
  const misfits: Misfit[] = []
  const client = new SafeClient({ ...connectionConfig(), application_name: 'doctor' })
  await client.connect()
  const { rows } = await client.query(
    `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
       current_setting('TimeZone') AS timezone, current_setting('statement_timeout') AS statement_timeout,
       current_setting('lock_timeout') AS lock_timeout,
       current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction_session_timeout,
       abs(extract(epoch FROM clock_timestamp() - $1::timestamptz))::int AS skew,
       (SELECT array_agg(name) FROM pgboss.queue) AS queues, (SELECT array_agg(name) FROM pgboss.schedule) AS schedules`,
    [new Date()],
  )
  const found = rows[0]
  // What a connection asks for at its start, a PgBouncer may ignore: then the role has to have it.
  const unset = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'].filter(
    (name) => found[name] === '0',
  )
  if (found.timezone !== 'UTC') unset.push('timezone')
  if (unset.length > 0)
    misfits.push([
      `Connections are without: ${unset.join(', ')}. A pooler ignores what they ask for.`,
      'Set it for the role, with ALTER ROLE: docs/operations.md, PgBouncer.',
    ])

  await client.query('LISTEN doctor')
  const { rowCount } = await client.query('SELECT pg_listening_channels()')
  if (rowCount === 0)
    misfits.push([
      'Connections cannot LISTEN: a pooler of transactions stands before the database.',
      'Use session pooling, or the direct address: docs/operations.md, PgBouncer.',
    ])
  await client.end()

  const size = env('DATABASE_POOL_SIZE')
  // Those that run, at least one of each, and one more while a release replaces them.
  const needed = 2 * (size + MORE_FOR_WEB) + Math.max(workers, 1) * (size + MORE_FOR_WORKER)
  if (needed > found.connections)
    misfits.push([
      `Two web servers and ${Math.max(workers, 1)} workers may need ${needed} connections, and Postgres has ${found.connections}.`,
      'Lower DATABASE_POOL_SIZE, or raise max_connections.',
    ])
  if (found.skew > 60)
    misfits.push([
      `The clock of this computer is ${found.skew} s off that of the database.`,
      'Set the clocks right: at 300 s, reports of Resend are refused.',
    ])
  const missing = [
    ...Object.keys(QUEUES).filter((name) => !found.queues?.includes(name)),
    ...Object.keys(SCHEDULES).filter((name) => !found.schedules?.includes(name)),
  ]
  if (missing.length > 0)
    misfits.push([
      `The database does not know these queues and schedules: ${missing.join(', ')}.`,
      'npm run migrate',
    ])
  return misfits
}
