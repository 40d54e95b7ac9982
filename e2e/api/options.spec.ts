import { execSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from '@playwright/test'
import { test } from '../test'

/* Without `--` before it, npm takes an option for itself. The command then runs as if the option had not been there. */

/** These are settings of npm, too, and safe to lose. */
const SAFE: Record<string, string> = {
  force: 'npm run redrive forces nothing',
  only: 'a maintenance program runs all of its parts',
  lock: 'node starts its program, not npm',
}

test('no command has an option that is a setting of npm, or the beginning of one', () => {
  const names = new Set(
    listSources().flatMap((file) => {
      const text = readFileSync(file, 'utf8')
      // npm has most letters as options, so ours have words only.
      expect(text, file).not.toMatch(/\bshort: '\w'/)
      return [...text.matchAll(/'?([\w-]+)'?: \{ type: '(?:string|boolean)'/g)].map(([, name = '']) => name)
    }),
  )
  for (const name of ['since', 'until', 'reason', 'no-worker', 'host', 'force']) expect(names).toContain(name)
  const settings = Object.keys(JSON.parse(execSync('npm config ls --long --json', { encoding: 'utf8' })))
  expect(settings).toContain('before')
  const taken = [...names].filter((name) =>
    settings.some((setting) => setting.startsWith(name.replace(/^no-/, ''))),
  )
  expect(taken.filter((name) => !(name in SAFE))).toEqual([])
})

function listSources(): string[] {
  const folders = ['e2e', 'lib', 'prisma', 'sandbox', 'worker']
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { encoding: 'utf8', recursive: true }).map((name) => path.join(folder, name)),
  )
  return files.filter((file) => /\.(ts|mjs)$/.test(file) && !file.includes('node_modules'))
}

for (const [command, option] of [
  ['npm run waiting drop all --since=2h', '--since'],
  ['npm run redrive --reason=template_failed', '--reason'],
  ['npm run demo dev --no-worker', '--no-worker'],
])
  test(`when npm has taken an option, the command refuses to run: ${command}`, () => {
    const env = { ...process.env, DATABASE_URL: 'postgres://localhost:1/none' }
    const { status, stderr } = spawnSync(`${command}`, { shell: true, encoding: 'utf8', env })
    expect(status, stderr).toBe(2)
    expect(stderr).toContain(`npm took ${option} for itself: write -- before the arguments.\nUsage: npm run `)
  })
