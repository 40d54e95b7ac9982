/*
 * Builds the app, unless the last build has the same sources, Node and Next. Everything that runs a production build
 * (npm run demo, npm test …) calls this, so it always runs the present code.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import '../lib/output'
import { bundleWorker } from './bundle'

const NEXT = 'node_modules/next'
const STAMP = '.next/sources'

// A change of anything else makes a new build necessary.
const WITHOUT_EFFECT = [
  ...['node_modules', 'test-results', 'playwright-report', 'sandbox', 'e2e', 'docs'],
  ...['next-env.d.ts', 'playwright.config.ts', 'biome.json', 'renovate.json', 'LICENSE'],
  ...['Dockerfile', 'compose.yaml', 'fly.toml', 'render.yaml', 'vercel.json', 'Procfile'],
]

if (isMain()) {
  if (isBuilt()) console.log('Nothing has changed since the last build.')
  else await build()
}

/** Whether the last build has the present sources. */
export function isBuilt(): boolean {
  return read(STAMP) === `${fingerprintSources()} ${read('.next/BUILD_ID')}`
}

async function build(): Promise<void> {
  const sources = fingerprintSources()
  const { status } = spawnSync(process.execPath, [`${NEXT}/dist/bin/next`, 'build'], {
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  })
  if (status !== 0) process.exit(status ?? 1)
  await bundleWorker()
  writeFileSync(STAMP, `${sources} ${read('.next/BUILD_ID')}`)
}

function isMain(): boolean {
  // Behind a link, the argument is the path through the link.
  const [, program = ''] = process.argv
  return existsSync(program) && realpathSync(program) === fileURLToPath(import.meta.url)
}

function fingerprintSources(): string {
  const hash = createHash('sha256')
    .update(process.version)
    .update(read(`${NEXT}/package.json`))
  for (const file of listSources()) hash.update(`\0${file}\0`).update(readFileSync(file))
  return hash.digest('hex')
}

/** Lists the files on which a build depends. A link to a file counts as one. */
export function listSources(project = '.'): string[] {
  const top = readdirSync(project).filter(hasEffect)
  const files = top.flatMap((name) => {
    const entry = path.join(project, name)
    return stat(entry)?.isDirectory() ? listInside(entry) : entry
  })
  // Leaves out dangling links, and pipes, which have no end.
  return files.filter((file) => stat(file)?.isFile()).sort()
}

/** Does not follow a link to another folder, because it may lead in a circle. */
function listInside(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const inside = path.join(folder, entry.name)
    return entry.isDirectory() ? listInside(inside) : inside
  })
}

function stat(entry: string): Stats | undefined {
  return statSync(entry, { throwIfNoEntry: false })
}

function hasEffect(name: string): boolean {
  if (name.startsWith('.')) return name.startsWith('.env')
  return !WITHOUT_EFFECT.includes(name) && !/\.(md|tsbuildinfo)$/.test(name)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
