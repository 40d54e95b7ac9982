import { PgBoss } from 'pg-boss'
import type { Stack } from '../../stack'

const CHUNK = 1_000

/** Inserts the rows of `count` signups by SQL. Returns the ids of their emails. */
export async function addEmails(stack: Stack, count: number): Promise<string[]> {
  const rows = await stack.query<{ id: string }>(
    `WITH users AS (
       INSERT INTO "User" (name, email)
       SELECT 'Guest ' || number, gen_random_uuid() || '@example.com' FROM generate_series(1, $1::int) AS number
       RETURNING id
     ), emails AS (
       INSERT INTO "Email" ("userId", kind) SELECT id, 'welcome' FROM users RETURNING id
     ), events AS (
       INSERT INTO "EmailEvent" ("emailId", status) SELECT id, 'queued' FROM emails
     )
     SELECT id FROM emails`,
    [count],
  )
  return rows.map(({ id }) => id)
}

/** The jobs of these emails, as the app would have queued them. */
export async function addJobs(stack: Stack, emailIds: string[]): Promise<void> {
  const boss = new PgBoss({
    connectionString: stack.databaseUrl,
    supervise: false,
    schedule: false,
    migrate: false,
    createSchema: false,
  })
  boss.on('error', (error) => console.error(error.message))
  await boss.start()
  for (let start = 0; start < emailIds.length; start += CHUNK) {
    const jobs = emailIds.slice(start, start + CHUNK).map((emailId) => ({ data: { emailId }, priority: 1 }))
    await boss.insert('send-email', jobs)
  }
  await boss.stop()
  await refreshStatistics(stack)
}

/** A crowd that comes in a second is news to the planner, which otherwise learns of it within a minute. */
export async function refreshStatistics(stack: Stack): Promise<void> {
  await stack.query('ANALYZE')
}
