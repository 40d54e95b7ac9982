import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { type Env, type Process, runToEnd, startProcess } from '../../../stack'
import { type Contender, count, type Place } from './contender'

const FOLDER = path.join(import.meta.dirname, '../rivals')
const PRISMA = path.join('node_modules', 'prisma', 'build', 'index.js')
const PROGRAM = path.join(FOLDER, 'promises/run.mjs')

/** The constants that a file in rivals/promises exports. */
type Rival = {
  title: string
  packages: string[]
  rows: Record<string, { redis?: Record<string, string> }>
  work?: unknown
  age?: unknown
  /** Jobs that may still run: a statement that counts them, or a function. Without a queue, there are none. */
  pending?: string
  countPending?(place: Place): Promise<number>
}

/** In the order of the table. */
const RIVALS = ['inline', 'bullmq', 'pg-boss-after', 'pg-boss-inside', 'graphile-worker', 'dbos', 'prisma']

/**
 * The rows of the rivals, which must have been installed.
 * @param chosen the ids of those that are wanted: all, unless told
 */
export async function loadRivals(chosen?: string[]): Promise<Contender[]> {
  const names = RIVALS.filter((name) => chosen?.some((id) => id.startsWith(name)) ?? true)
  if (names.includes('prisma')) await generateClient()
  const rows = await Promise.all(
    names.map(async (name) => {
      const rival: Rival = await import(pathToFileURL(path.join(FOLDER, `promises/${name}.mjs`)).href)
      return Object.keys(rival.rows).map((row) => toContender(name, row, rival))
    }),
  )
  return rows.flat().filter(({ id }) => chosen?.includes(id) ?? true)
}

function toContender(name: string, row: string, { title, packages, rows, ...rival }: Rival): Contender {
  const { pending, work, age } = rival
  const settings = rows[row] ?? {}
  const start = (what: string, place: Place, hurry = false): Promise<Process> =>
    startProcess(toArgs(name, row, what), /^Ready$/m, toEnv(place, hurry))
  return {
    id: row === 'documented' ? name : `${name}-${row.replaceAll(/[^a-z]+/g, '-')}`,
    title: row === 'documented' ? title : `${title}, ${row}`,
    settings: `${packages.map(readVersion).join(', ')} · ${JSON.stringify(settings)}`,
    users: name === 'prisma' ? '"User"' : 'users',
    prisma: name === 'prisma' ? 'alone' : undefined,
    redis: settings.redis,
    migrate: (databaseUrl) => run(toArgs(name, row, 'migrate'), toEnv({ databaseUrl })),
    countPending: async (place) =>
      pending ? await count(place.databaseUrl, pending) : ((await rival.countPending?.(place)) ?? 0),
    startWeb: (place) => start('web', place),
    startWorker: work ? (place, hurry) => start('worker', place, hurry) : undefined,
    age: age ? (place) => run(toArgs(name, row, 'age'), toEnv(place)) : undefined,
  }
}

async function run(args: string[], env: Env = {}): Promise<void> {
  const { code, output } = await runToEnd(args, env)
  if (code !== 0) throw new Error(output)
}

const toArgs = (...args: string[]): string[] => [PROGRAM, ...args]

/** Prisma's client is generated as TypeScript. */
async function generateClient(): Promise<void> {
  const folder = path.join(FOLDER, 'promises/prisma')
  await run([PRISMA, 'generate', '--schema', path.join(folder, 'schema.prisma')])
  await build({
    entryPoints: [path.join(folder, 'generated/client.ts')],
    outfile: path.join(folder, 'generated/client.mjs'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  })
}

function toEnv(
  { databaseUrl = '', redisUrl = '', resendUrl = '', port }: Partial<Place>,
  hurry = false,
): Env {
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    RESEND_BASE_URL: resendUrl,
    RESEND_API_KEY: 're_rival',
    PORT: `${port}`,
    HURRY: hurry ? '1' : '',
  }
}

function readVersion(name: string): string {
  for (const folder of [FOLDER, process.cwd()]) {
    const file = path.join(folder, 'node_modules', name, 'package.json')
    try {
      return `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`
    } catch {}
  }
  return name
}
