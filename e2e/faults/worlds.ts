import { randomBytes } from 'node:crypto'
import { type Env, findPort, type Process, query, type Stack, type Web, waitFor } from '../stack'
import { watchStatuses } from './oracle'

/** An installation with a database, a web server and a worker of its own, and settings as in production. */
export type World = Stack & { name: string; web: Web; worker: Process }

/** Limits are on, so high that a crowd does not reach them. Each request may come from another visitor. */
const PRODUCTION: Env = {
  NODE_ENV: 'production',
  TRUSTED_HOPS: '1',
  LIMIT_SIGNUPS_PER_MINUTE: '100000',
  LIMIT_MAILS_PER_HOUR: '100000',
  DATABASE_POOL_SIZE: '5',
}

/** Postgres's default of 100 connections is meant for fewer processes. */
const MAX_CONNECTIONS = 500

/**
 * Opens worlds side by side on the Postgres and the mail service of a stack. The mail service reports to the stack's own
 * web server: see `reportAll` in crowd.ts.
 */
export async function openWorlds(stack: Stack, names: string[]): Promise<World[]> {
  await setMaxConnections(stack, MAX_CONNECTIONS)
  await stack.query('CREATE DATABASE world')
  const args = ['--import', 'tsx', 'prisma/migrate.ts']
  const { code, output } = await stack.run(args, { DATABASE_URL: toUrl(stack, 'world') })
  if (code !== 0) throw new Error(output)
  for (const name of names) await stack.query(`CREATE DATABASE ${toDatabase(name)} TEMPLATE world`)
  return await Promise.all(names.map((name) => openWorld(stack, name)))
}

async function openWorld(stack: Stack, name: string): Promise<World> {
  const databaseUrl = toUrl(stack, toDatabase(name))
  const port = await findPort()
  const env = {
    ...PRODUCTION,
    DATABASE_URL: databaseUrl,
    APP_URL: `http://localhost:${port}`,
    APP_SECRET: randomBytes(32).toString('base64url'),
    RESEND_API_KEY: `re_${randomBytes(12).toString('hex')}`,
  }
  // A lock that a test holds must not block the test itself.
  const impatient = `${databaseUrl}?options=-c%20lock_timeout%3D2s`
  const world = {
    ...stack,
    name,
    databaseUrl,
    env: { ...stack.env, ...env },
    appUrl: env.APP_URL,
    query: <Row>(sql: string, values?: unknown[]) => query<Row>(impatient, sql, values),
    startWorker: (extra?: Env) => stack.startWorker({ ...env, ...extra }),
  }
  await watchStatuses(world)
  const [web, worker] = await Promise.all([stack.startWeb({ port, env }), world.startWorker()])
  return { ...world, web, worker }
}

/** Ends the worlds, and gives the stack's Postgres back as it was. */
export async function closeWorlds(stack: Stack, worlds: World[]): Promise<void> {
  await Promise.all(worlds.flatMap(({ web, worker }) => [web, worker]).map((one) => one.kill('SIGKILL')))
  const databases = await stack.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname LIKE 'world%'`,
  )
  for (const { name } of databases) await stack.query(`DROP DATABASE ${name} WITH (FORCE)`)
  await setMaxConnections(stack)
}

async function setMaxConnections(stack: Stack, count?: number): Promise<void> {
  const change = count ? `SET max_connections = ${count}` : 'RESET max_connections'
  await stack.query(`ALTER SYSTEM ${change}`)
  await stack.killPostgres('SIGINT')
  await stack.untilPostgresIsBack()
}

const toDatabase = (name: string): string => `world_${name}`

function toUrl(stack: Stack, name: string): string {
  const url = new URL(stack.databaseUrl)
  url.pathname = name
  return url.href
}

/** All tables of a world, as they are written in SQL, except what the tests have added. */
export async function listTables(world: World): Promise<string[]> {
  const tables = await world.query<{ name: string }>(
    `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE relkind IN ('r', 'p') AND nspname IN ('public', 'pgboss') AND relname <> 'status_change' ORDER BY 1`,
  )
  return tables.map(({ name }) => name)
}

/** Returns the log lines about uncaught errors and the processes that have died. No fault may cause either. */
export async function findDeaths({ name, web, worker }: World): Promise<string[]> {
  const processes = Object.entries({ web, worker })
  return processes.flatMap(([kind, process]) => {
    const lines = process.output().split('\n')
    const words = lines.filter((line) => /uncaught|unhandled/i.test(line))
    if (!process.isRunning()) words.push(`died: ${lines.slice(-20).join('\n')}`)
    return words.map((word) => `${name}, ${kind}: ${word}`)
  })
}

/** Waits until what the condition asks for can be asked, and holds. */
export function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  return waitFor(() => condition().catch(() => false))
}
