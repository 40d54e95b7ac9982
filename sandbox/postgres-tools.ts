import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { guard } from './guard'
import type { PostgresHome } from './postgres-home'
import { readSettings } from './settings'

export const SCRIPTS_SKIPPED = 'npm may have skipped the install scripts. Run npm ci --ignore-scripts=false'

type Tool = 'initdb' | 'pg_ctl' | 'postgres'

/** Starts a program of Postgres in a process group of its own, which a Ctrl-C in the terminal does not reach. */
export function spawnTool(home: PostgresHome, tool: Tool, args: string[], stdio: StdioOptions): ChildProcess {
  const child = spawn(path.join(home.bin, tool), args, {
    ...home.account,
    cwd: home.dir,
    // Without a valid locale in the environment, Postgres does not start on macOS.
    env: { ...process.env, LC_ALL: 'C' },
    // On Windows, a detached process has no console, and its children would open windows.
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio,
  })
  guard(child, 'SIGINT')
  return child
}

/** Runs a program of Postgres to its end. @throws {Error} with its output when it fails */
export async function runTool(home: PostgresHome, tool: Tool, args: string[]): Promise<void> {
  const child = spawnTool(home, tool, args, ['ignore', 'ignore', 'pipe'])
  const [[code], words] = await Promise.all([once(child, 'exit'), child.stderr ? text(child.stderr) : ''])
  if (code !== 0) throw new Error(`${tool} failed:\n${words.trim()}`)
}

/** @throws {Error} when the folder of the binaries has no Postgres that runs */
export async function readVersion(home: PostgresHome): Promise<number> {
  const child = spawnTool(home, 'postgres', ['--version'], ['ignore', 'pipe', 'pipe'])
  const failed = once(child, 'spawn').then(
    () => '',
    ({ message }: Error) => message,
  )
  const outputs = [child.stdout, child.stderr].map((stream) => (stream ? text(stream) : ''))
  const [words = '', ...complaints] = await Promise.all([...outputs, failed])
  const [, version] = /\(PostgreSQL\) (\d+)/.exec(words) ?? []
  if (version) return Number(version)
  const remedy = readSettings().SANDBOX_POSTGRES_BIN ? 'Check SANDBOX_POSTGRES_BIN.' : SCRIPTS_SKIPPED
  throw new Error(`No Postgres runs from ${home.bin}. ${remedy}\n${complaints.join('').trim()}`)
}
