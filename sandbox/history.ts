import { readdirSync } from 'node:fs'
import { Client } from 'pg'

/**
 * Empties the sandbox's database if it has migrations that this folder lacks.
 * @returns whether it did
 */
export async function emptyIfOutdated(databaseUrl: string): Promise<boolean> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ found: boolean }>(
      `SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS found`,
    )
    if (!rows[0]?.found) return false
    const applied = await client.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL',
    )
    const known = readdirSync('prisma/migrations')
    if (applied.rows.every(({ name }) => known.includes(name))) return false
    await client.query('DROP SCHEMA IF EXISTS public, pgboss CASCADE; CREATE SCHEMA public')
    return true
  } finally {
    await client.end()
  }
}
