import type { Stack } from '../stack'

/** Everything that the database holds, as text: each row of each table. */
export async function dumpDatabase(stack: Stack): Promise<string> {
  const tables = await stack.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  const rows: string[] = []
  for (const { name } of tables) {
    for (const { row } of await stack.query<{ row: string }>(
      `SELECT row_to_json(it)::text AS row FROM ${name} it`,
    )) {
      rows.push(`${name} ${row}`)
    }
  }
  return rows.join('\n')
}
