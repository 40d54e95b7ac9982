/*
 * npm run take -- ../my-app
 * npm run take -- ../my-app --with orders    keeps the invitations and exports
 * npm run take -- ../my-app --into           for an app that exists, with users of its own: docs/your-app.md
 *
 * Writes what people copy as a project of its own: the core and what stands above it, with the tests of what it keeps.
 */
import '../../lib/output'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fail, readArguments } from '../../lib/ops/arguments'
import { trimDocument } from './documents'
import { findObstacle, putInto } from './into'
import { takeOut } from './marks'
import { LEFT, LEFT_DEPENDENCIES, ORDERS, type Ring, STAGE, TAKEN } from './rings'

type Package = Record<'scripts' | 'dependencies' | 'devDependencies', Record<string, string>> & {
  knip: { entry: string[]; ignore: string[]; ignoreDependencies: string[] }
}
type Lock = { name: string; version: string; packages: Record<string, object> }

/** Left out of the copy: a section on how to put the core into another app. */
const FOR_ANOTHER_APP = /^## Copy into an app that exists\n.*?(?=^## )/ms

const source = path.resolve(import.meta.dirname, '../..')
const { app, folder, name, left } = readTarget()
const title = name.replace(/-/g, ' ').replace(/\b\w/g, (letter) => letter.toUpperCase())
const exists = (file: string): boolean => existsSync(path.join(folder, file))
/** A document also leaves out what is done by a script that stays behind. */
const isAboutRing = (text: string): boolean =>
  left.some(({ words }) => words.test(text)) ||
  [...text.matchAll(/npm run ([\w:]+)/g)].some(([, script = '']) => !scripts.has(script))

await mkdir(folder, { recursive: true })
await copyFiles()
await cp(path.join(source, 'sandbox/take/README.md'), path.join(folder, 'README.md'))
const scripts = new Set(Object.keys((await writePackage()).scripts))
for (const file of await listFiles()) await edit(file, (text) => rename(rewrite(file, text)))
tidy()
if (app) {
  const guide = 'docs/your-app.md'
  const kept = await putInto(app, folder, await readFile(path.join(source, guide), 'utf8'))
  await rm(path.dirname(folder), { recursive: true })
  console.log(`Put the files into ${app}. ${guide} says what is left to do.`)
  if (kept.length > 0) console.log(`These were there, and stay as they are:\n\n  ${kept.join('\n  ')}`)
} else {
  startHistory()
  console.log(`Wrote ${name} to ${folder}. In that folder:\n\n  npm ci\n  npm run dev`)
}

/**
 * The arguments. Exits the process with the usage line when one is wrong, or the folder is in use.
 * @returns `folder` is where the project is written: with `--into`, a temporary one beside which `app` is the target
 */
function readTarget(): { app?: string; folder: string; name: string; left: Ring[] } {
  const usage = 'npm run take -- ../my-app [--with orders | --into]'
  const options = { with: { type: 'string' }, into: { type: 'boolean' } } as const
  const { positionals, values } = readArguments(usage, options, ({ length }) => length === 1)
  const folder = path.resolve(positionals[0] ?? '')
  const slug = path
    .basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  const name = slug.replace(/^-|-$/g, '')
  const refuse = (reason: string): never => fail(`${reason}Usage: ${usage}`)

  if (!name || (values.with && (values.into || values.with !== 'orders'))) refuse('')
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
  if (isFolder === false) refuse(`${folder} is a file.\n`)
  if (values.into) {
    const obstacle = findObstacle(folder)
    if (obstacle) refuse(`${folder} ${obstacle}.\n`)
    const temporary = mkdtempSync(path.join(tmpdir(), 'take-'))
    return { app: folder, folder: path.join(temporary, name), name, left: [STAGE, ORDERS] }
  }
  if (isFolder && readdirSync(folder).length > 0)
    refuse(`${folder} is not empty. Use --into for an app that exists.\n`)
  return { folder, name, left: values.with ? [STAGE] : [STAGE, ORDERS] }
}

async function copyFiles(): Promise<void> {
  const out = [...LEFT, ...left.flatMap(({ paths }) => paths)].map((file) => path.join(source, file))
  for (const file of TAKEN)
    await cp(path.join(source, file), path.join(folder, file), {
      recursive: true,
      filter: (from) => !out.includes(from),
    })
}

/** The package of the copy: its own name, and no script, setting or dependency for what is left out. */
async function writePackage(): Promise<Package> {
  const isThere = (command: string): boolean =>
    (command.match(/[\w/.-]+\.(?:ts|mjs)\b/g) ?? []).every(exists) && !command.includes('sandbox/take')
  const dropped = [...LEFT_DEPENDENCIES, ...left.flatMap(({ dependencies }) => dependencies)]
  const without = (all: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !dropped.includes(name)))
  const project = await read<Package>('package.json')
  const { repository: _repository, license: _license, ...kept } = project as Package & Record<string, unknown>
  const written = {
    ...kept,
    name,
    version: '0.1.0',
    description: '',
    scripts: Object.fromEntries(Object.entries(project.scripts).filter(([, command]) => isThere(command))),
    dependencies: without(project.dependencies),
    devDependencies: without(project.devDependencies),
    knip: {
      ...project.knip,
      entry: project.knip.entry.filter(exists),
      ignore: ['prisma/migrations/**'],
      ignoreExportsUsedInFile: true,
      // The generated client needs it.
      ignoreDependencies: [
        '@prisma/client',
        ...project.knip.ignoreDependencies.filter((name) => !dropped.includes(name)),
      ],
      ignoreBinaries: ['mkfifo'],
    },
  }
  await write('package.json', written)

  const lock = await read<Lock>('package-lock.json')
  for (const name of dropped) delete lock.packages[`node_modules/${name}`]
  const { license: _, ...root } = { ...lock.packages[''] } as Record<string, unknown>
  const { version, dependencies, devDependencies } = written
  lock.packages[''] = { ...root, name, version, dependencies, devDependencies }
  await write('package-lock.json', { ...lock, name, version })
  return written
}

/** All text files of the copy. */
async function listFiles(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !/\.(png|ico|svg)$|^package(-lock)?\.json$/.test(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
}

function rewrite(file: string, text: string): string {
  if (file.endsWith('.md')) return trimDocument(file, text.replace(FOR_ANOTHER_APP, ''), isAboutRing, exists)
  if (file.endsWith('.sql')) return trimMigration(text)
  if (file === '.env.example') return trimSettings(text)
  if (file === 'biome.json' || file === '.gitignore') return trimPaths(text)
  try {
    return takeOut(text, isTaken)
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`)
  }
}

/** The one migration, without the tables and triggers of the orders, which are its end. */
function trimMigration(sql: string): string {
  if (!left.includes(ORDERS)) return sql
  const [core = '', ...orders] = sql.split('\n-- From here on: the orders')
  if (orders.length !== 1)
    throw new Error('The migration has changed: sandbox/take/take.ts does not know it.')
  return core
}

/** Leaves out settings that the copy does not have, with the comment above them. */
function trimSettings(text: string): string {
  const settings = takeOut(readFileSync(path.join(source, 'lib/env.ts'), 'utf8'), isTaken)
  return text
    .replace(/(?:^# .*\n)+(?:^#[A-Z_]+=.*\n)+/gm, (block) => {
      const names = block.match(/^#[A-Z_]+(?==)/gm) ?? []
      return names.some((name) => settings.includes(`${name.slice(1)}:`)) ? block : ''
    })
    .replace(/\n{3,}/g, '\n\n')
}

/** Leaves out lines about folders that are not there. */
function trimPaths(text: string): string {
  const isGone = (line: string): boolean =>
    line.includes('e2e/maintenance') || (line.includes('/orders/') && !isTaken('orders'))
  const known = isTaken('orders') ? text : text.replaceAll(', "**/orders/**"', '')
  const kept = known.split('\n').filter((line) => !isGone(line))
  return kept.join('\n').replace(/,(\s*\])/g, '$1')
}

function isTaken(mark: string): boolean {
  return !left.some((ring) => ring.mark === mark)
}

function rename(text: string): string {
  return text
    .replaceAll('Behind the Scenes', title)
    .replaceAll('BEHIND THE SCENES', title.toUpperCase())
    .replaceAll('behind-the-scenes', name)
}

/** Formats, and removes imports that are no longer used. @throws when a file cannot be read */
function tidy(): void {
  const biome = path.join(source, 'node_modules/@biomejs/biome/bin/biome')
  const run = (...args: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, [biome, ...args, '--write', '.'], { cwd: folder })
    if (status !== 0) throw new Error(`Biome could not tidy what was taken:\n${stderr}`)
  }
  run('lint', '--unsafe', '--only=correctness/noUnusedImports')
  run('check')
}

/** The first commit, where there is git. */
function startHistory(): void {
  const git = (...args: string[]): boolean =>
    spawnSync('git', args, { cwd: folder, stdio: 'ignore' }).status === 0
  if (git('init', '--quiet') && git('add', '--all') && git('commit', '--quiet', '-m', 'Begin')) return
  console.log('Without a first commit: git is missing, or does not know your name.')
}

async function read<Content>(file: string): Promise<Content> {
  return JSON.parse(await readFile(path.join(folder, file), 'utf8'))
}

async function write(file: string, content: object): Promise<void> {
  await writeFile(path.join(folder, file), `${JSON.stringify(content, null, 2)}\n`)
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(path.join(folder, file), 'utf8')
  const changed = change(text)
  if (changed !== text) await writeFile(path.join(folder, file), changed)
}
