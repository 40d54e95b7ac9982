import { execSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from '@playwright/test'
import { programOf } from '../stack'
import { test } from '../test'

/* A command refuses arguments that it does not know. Otherwise it would do something else than what was meant. */

type Command = { name: string; program: string; order: string[] }

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

/** The scripts that run a program of ours, with the arguments that they give it. */
const COMMANDS: Command[] = Object.entries(scripts).flatMap(([name, script]) => {
  const [, program, order] = / (\S+(?<!\.spec)\.ts)(?: (\w+))?$/.exec(script) ?? []
  // The first is run by npm only. Playwright reads the arguments of the second.
  if (!program || ['pretest', 'check:core'].includes(name)) return []
  return [{ name, program, order: order ? [order] : [] }]
})

/** These programs may read their arguments without `readArguments`. */
const OTHERS = [
  'lib/ops/arguments.ts',
  ...['sandbox/build.ts', 'sandbox/run.ts'],
  // Other programs start these.
  ...['production/image.ts', 'production/rollout.ts'].map((name) => `e2e/maintenance/${name}`),
  'e2e/check-core.ts',
]

/** Numbers that are none, by command. */
const NOT_NUMBERS: [name: string, ...args: string[]][] = [
  ['test:doors', 'x'],
  ['test:doors', '0'],
  ['test:million', '--emails', '1,000'],
  ['test:million', '--rate', ''],
  ['soak', '--seed', '1.5'],
  ['soak', '--minutes', '0'],
  ['soak', '--lock-seconds', 'x'],
  ['bench', '--mails', '1e'], // stage
]

/** Runs a command that should refuse its arguments. Kills it if it does something else. */
function refuse({ program, order }: Command, ...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [...programOf(program), ...order, ...args], {
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: 'postgres://localhost:1/none' },
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
}

test('each command refuses an option that it does not know and an empty argument, with a usage line', {
  tag: '@long',
}, () => {
  test.setTimeout(600_000)
  expect(COMMANDS.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['dev', 'pause', 'redrive', 'mail']),
  )
  for (const command of COMMANDS)
    for (const [argument, problem] of [
      ['--milk', "Unknown option '--milk'."],
      ['', 'An argument is empty.'],
    ] as const) {
      const { status, stderr } = refuse(command, argument)
      const [first, second] = stderr.split('\n')
      expect([status, first], `${command.name} ${argument}`).toEqual([2, problem])
      expect(second).toMatch(new RegExp(`^Usage: npm run .*\\b${command.name}\\b`))
    }
})

for (const [name, ...args] of NOT_NUMBERS)
  for (const command of COMMANDS.filter((command) => command.name === name))
    test(`a number that is none is refused, with a usage line: npm run ${name} -- ${args.join(' ')}`, () => {
      const { status, stderr } = refuse(command, ...args)
      expect(status, stderr).toBe(2)
      expect(stderr).toMatch(new RegExp(`^Not a number for .+\\nUsage: npm run ${name} `))
    })

test('each program reads its arguments by readArguments', () => {
  const isProgram = (file: string): boolean =>
    /(?<!\.spec)\.ts$/.test(file) && !file.startsWith('lib/generated')
  const files = listSources().filter(isProgram)
  const others = files.filter((file) => /\bparseArgs\(|\bprocess\.argv\b/.test(readFileSync(file, 'utf8')))
  expect(others.filter((file) => !OTHERS.includes(file))).toEqual([])
})

// Without `--` before it, npm takes an option for itself. The command then runs as if the option had not been there.

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
