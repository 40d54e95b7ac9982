import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from '@playwright/test'
import { applyDiffs, readBlocks, readSection } from '../sandbox/take/blocks'
import { takeOut } from '../sandbox/take/marks'
import { runToEnd } from './stack'
import { test } from './test'

const TAKE = ['--import', 'tsx', 'sandbox/take/take.ts']

test('npm run take: its project installs, is clean, passes its tests, and delivers a signup', {
  tag: '@long',
}, async () => {
  test.setTimeout(900_000)
  const { code, output } = await runToEnd(['--import', 'tsx', 'e2e/check-core.ts', '--fast'], {})
  expect(code, output).toBe(0)
  expect(output).toContain('a signup through its dev: yes')
})

test('npm run take refuses a full folder and wrong arguments with a usage line, and writes nothing', {
  tag: '@long',
}, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'take-'))
  await writeFile(path.join(folder, 'mine.txt'), 'mine')
  const empty = path.join(folder, 'empty')
  for (const args of [
    ...[[folder], [], [empty, 'more'], [empty, '--with', 'milk'], [empty, '--width']],
    [path.join(folder, 'mine.txt')],
    // Neither is an app that exists.
    ...[
      [folder, '--into'],
      [empty, '--into'],
    ],
  ]) {
    const { code, output } = await runToEnd([...TAKE, ...args], {})
    expect(code, output).toBe(2)
    expect(output).toContain('Usage: npm run take -- ../my-app [--with orders | --into]')
  }
  expect(await readdir(folder)).toEqual(['mine.txt'])
  await rm(folder, { recursive: true })
})

test('npm run take -- --with orders keeps that ring, and only that', { tag: '@long' }, async () => {
  const parent = await mkdtemp(path.join(tmpdir(), 'take-'))
  const { code, output } = await runToEnd([...TAKE, path.join(parent, 'app'), '--with', 'orders'], {})
  expect(code, output).toBe(0)
  const pages = await readdir(path.join(parent, 'app/app'))
  expect(pages).toContain('(orders)')
  expect(pages).not.toContain('(stage)')
  await rm(parent, { recursive: true })
})

/** An app that exists, with the files that --into asks for, and others. */
async function makeApp(others: Record<string, string> = {}): Promise<string> {
  const app = await mkdtemp(path.join(tmpdir(), 'take-'))
  const tsconfig = '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }'
  const files = { 'package.json': '{}', 'prisma/schema.prisma': '', 'tsconfig.json': tsconfig, ...others }
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(app, file)), { recursive: true })
    await writeFile(path.join(app, file), text)
  }
  return app
}

test('npm run take -- --into says why it refuses an app with its pages in src, or another @/*', async () => {
  for (const [others, reason] of [
    [{ 'src/app/page.tsx': '' }, 'has its pages in src/app'],
    [{ 'src/pages/index.tsx': '' }, 'has its pages in src/pages'],
    [
      { 'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }' },
      'has no "@/*": ["./*"]',
    ],
  ] as [Record<string, string>, string][]) {
    const app = await makeApp(others)
    const { code, output } = await runToEnd([...TAKE, app, '--into'], {})
    expect(code, output).toBe(2)
    expect(output).toContain(`${app} ${reason}`)
    expect(await readFile(path.join(app, 'package.json'), 'utf8')).toBe('{}')
    await rm(app, { recursive: true })
  }
})

test('npm run take -- --into, and then each diff of docs/your-app.md: the lines that they change are there', async () => {
  const app = await makeApp()
  const { code, output } = await runToEnd([...TAKE, app, '--into'], {})
  expect(code, output).toBe(0)
  const guide = await readFile('docs/your-app.md', 'utf8')
  const done = readSection(guide, 'Copy into an app that exists')
  for (const block of readBlocks(guide.replace(done, ''), 'diff')) await applyDiffs(app, block)
  await rm(app, { recursive: true })
})

test('a mark takes its line, or the statement below it; a malformed mark is an error', () => {
  const text =
    'a() // stage\n\n// stage\n/** Doc. */\nf({\n  b,\n})\n\nlist = [\n  // orders\n  c,\n  d, // orders\n]\n'
  expect(takeOut(text, () => false)).toBe('\nlist = [\n]\n')
  expect(takeOut(text, () => true)).not.toMatch(/stage|orders/)
  for (const wrong of ['a() // Stage', 'a() //stage.', 'a() /* stage', '// stage\n\na()', '// stage'])
    expect(() => takeOut(wrong, () => false), wrong).toThrow(/mark/)
})

test('of the core, one file names the table of users, and signup creates them', async () => {
  const named = /"User"|\.user\.(?:create|find|update|upsert|delete|count)|\bUser\b.*generated/
  const isCore = /^([\w-]+|(signup|sending|status|mail|live|http|db)\/.*)\.tsx?$/
  const files = (await readdir('lib', { recursive: true })).map((file) => file.replaceAll(path.sep, '/'))
  const found = []
  for (const file of files.filter((file) => isCore.test(file)))
    if (named.test(await readFile(path.join('lib', file), 'utf8'))) found.push(file)
  expect(found.sort()).toEqual(['sending/recipients.ts', 'signup/signup.ts'])
})
