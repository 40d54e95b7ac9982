import path from 'node:path'
import { runToEnd, type Stack } from '../../stack'
import { installRivals } from './install'
import { closeApp, openApp } from './promises/app'
import { loadRivals } from './promises/rivals'
import type { Findings } from './table'

const SCRIPT = path.join(import.meta.dirname, 'atomic.mjs')

type Trial = { id: string; lock: string; mode: string; finds: boolean }

/** Small apps of which it is known whether they are atomic. */
const TRIALS: Trial[] = [
  { id: 'prisma-defaults-nested-write', lock: '"User"', mode: 'ACCESS EXCLUSIVE', finds: true },
  { id: 'prisma-with-query-timeout', lock: '"Email"', mode: 'SHARE', finds: true },
  { id: 'prisma-repaired', lock: '"User"', mode: 'ACCESS EXCLUSIVE', finds: false },
  { id: 'prisma-repaired', lock: '"Email"', mode: 'SHARE', finds: false },
]

/** Does atomic.mjs find the fault where it is, and nothing where it is repaired? @throws when it does not */
export async function checkAtomic(stack: Stack): Promise<Findings> {
  if (!(await installRivals())) throw new Error('The rivals could not be installed.')
  const rivals = await loadRivals(TRIALS.map(({ id }) => id))
  const results = await Promise.all(
    TRIALS.map(async ({ id, lock, mode, finds }) => {
      const app = await openApp(stack, rivals.find((rival) => rival.id === id) ?? raise(id))
      const { databaseUrl, port } = app.place
      const body = '{"name":"Ada","email":"{id}@example.com"}'
      const { code, output } = await runToEnd(
        [
          ...[SCRIPT, '--database', databaseUrl, '--lock', lock, '--mode', mode],
          ...['--request', `POST http://localhost:${port}/api/users ${body}`],
          ...['--rows', '"User".id', '--partners', '"Email"."userId"'],
          ...['--rows', '"Email".id'],
          ...['--partners', `SELECT data->>'emailId' FROM pgboss.job WHERE name = 'welcome'`],
        ],
        {},
      )
      await closeApp(stack, app)
      if (code !== (finds ? 1 : 0)) throw new Error(`${id}, ${mode} on ${lock}: exit ${code}\n${output}`)
      const halves = output.match(/^HALF/gm)?.length ?? 0
      return [`${app.contender.title}: ${mode} on ${lock}`, `${halves}`] as [string, string]
    }),
  )
  return { title: 'IS IT ATOMIC? A lock of 30 s', columns: ['halves'], rows: results }
}

function raise(id: string): never {
  throw new Error(`There is no rival ${id}.`)
}
