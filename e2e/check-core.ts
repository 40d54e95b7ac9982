/*
 * npm run check:core
 * npm run check:core -- --fast       runs the fast tests only
 * npm run check:core -- --workers=2  other arguments are for Playwright
 *
 * Takes the core into a folder outside of this one, as `npm run take` does, and there does what its owner would do first.
 * After a failure, the folder stays.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const [fast, others] = [
  process.argv.includes('--fast'),
  process.argv.slice(2).filter((one) => one !== '--fast'),
]
const folder = path.join(await mkdtemp(path.join(tmpdir(), 'take ')), 'My App')
await run('taken', process.execPath, ['--import', 'tsx', 'sandbox/take/take.ts', folder], path.resolve())
await expectNoWordOfRings()
await expectLinks()
await run('installed', 'npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'])
await run('check', 'npm', ['run', 'check'])
await run('a signup through its dev', 'npm', ['run', 'test:smoke'])
await run('tests', 'npm', ['run', fast ? 'test:fast' : 'test', '--', ...others])
await rm(path.dirname(folder), { recursive: true })

async function expectNoWordOfRings(): Promise<void> {
  const words = /\b(stage|backstage|presenter|lesson|race|bench\w*|orders)\b/i
  const found: string[] = []
  for (const file of await listFiles()) {
    const text = (await readFile(path.join(folder, file), 'utf8')).replaceAll('Promise.race', '')
    if (words.test(file) || words.test(text)) found.push(`${file}: ${words.exec(`${file} ${text}`)?.[0]}`)
  }
  if (found.length > 0) throw new Error(`Words of what was left out:\n${found.join('\n')}`)
  console.log('no word of the rings: yes')
}

async function expectLinks(): Promise<void> {
  for (const file of (await listFiles()).filter((name) => name.endsWith('.md'))) {
    const text = await readFile(path.join(folder, file), 'utf8')
    for (const [, to = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      if (!to.startsWith('http') && !existsSync(path.join(folder, path.dirname(file), to)))
        throw new Error(`${file}: a link to ${to}, which is not there`)
  }
  console.log('no dead link: yes')
}

/** Lists the files that git would commit. Before the install, these are all files. */
async function listFiles(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !/\.(png|ico)$|^package-lock\.json$/.test(entry.name))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('.git'))
}

/** @throws unless the program ends with 0 */
async function run(what: string, program: string, args: string[], cwd = folder): Promise<void> {
  const shell = program === 'npm' && process.platform === 'win32'
  // Removes the variables of the tests around it, because their app and their settings are not this one's.
  const { APP_URL: _, TEST_WORKER_INDEX: __, TEST_PARALLEL_INDEX: ___, ...env } = process.env
  const child = spawn(program, args, {
    cwd,
    env: { ...env, NODE_ENV: undefined } as unknown as NodeJS.ProcessEnv,
    shell,
    stdio: 'pipe',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk
      // They take minutes.
      if (what === 'tests') process.stdout.write(chunk)
    })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${what}: no, in ${cwd}.\n${output}`)
  console.log(`${what}: yes`)
}
