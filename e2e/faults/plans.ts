import type { Stack } from '../stack'

/** A scan that a statement has made. */
type Scan = { table: string; isSequential: boolean; rows: number; sql: string }

type Plan = {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Plan[]
}

const SETTINGS = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_format': 'json',
}

/** Where the runner keeps Postgres's log: see sandbox/postgres.ts. */
const LOG = `current_setting('data_directory') || '/../../log'`
const SLICE = 8 * 1024 * 1024

/**
 * Has Postgres log the plan of each statement of all sessions that begin from now on.
 * @returns ends it, and tells of all scans: those of the tests' own statements left out
 */
export async function watchPlans(stack: Stack): Promise<() => Promise<Scan[]>> {
  for (const [name, value] of Object.entries(SETTINGS))
    await stack.query(`ALTER DATABASE postgres SET ${name} = '${value}'`)
  // The name of the program, at the beginning of each line.
  await stack.query(`ALTER SYSTEM SET log_line_prefix = '%a|'`)
  await stack.query('SELECT pg_reload_conf()')
  const start = await readSize(stack)
  return async () => {
    await stack.query('ALTER DATABASE postgres RESET ALL')
    await stack.query('ALTER SYSTEM RESET log_line_prefix')
    await stack.query('SELECT pg_reload_conf()')
    const parts: Buffer[] = []
    const end = await readSize(stack)
    for (let at = start; at < end; at += SLICE) {
      const sql = `SELECT pg_read_binary_file(${LOG}, ${at}, ${Math.min(SLICE, end - at)}) AS part`
      for (const { part } of await stack.query<{ part: Buffer }>(sql)) parts.push(part)
    }
    return Buffer.concat(parts)
      .toString()
      .split(/\n(?!\t)/)
      .filter((entry) => entry.includes('plan:\n') && !entry.startsWith('e2e|'))
      .flatMap(readEntry)
  }
}

async function readSize(stack: Stack): Promise<number> {
  const [row] = await stack.query<{ size: string }>(`SELECT size FROM pg_stat_file(${LOG})`)
  return Number(row?.size)
}

/** An entry of several lines has a tab before all but the first. */
function readEntry(entry: string): Scan[] {
  const json = entry.slice(entry.indexOf('{')).replaceAll('\n\t', '\n')
  const { 'Query Text': sql, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: Plan }
  return listNodes(plan)
    .filter((node) => node['Relation Name'])
    .map((node) => ({
      table: node['Relation Name'] as string,
      isSequential: node['Node Type'].endsWith('Seq Scan'),
      rows: node['Actual Loops'] * countRows(node),
      sql,
    }))
}

function countRows(node: Plan): number {
  return (
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
  )
}

function listNodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(listNodes)]
}
