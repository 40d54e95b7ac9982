import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { guard } from './guard'
import type { PostgresHome } from './postgres-home'
import { readSettings } from './settings'

export const SCRIPTS_SKIPPED = 'npm may have skipped the install scripts. Run npm ci --ignore-scripts=false'

/** How a program ends on Windows, without a word, when a library is missing. */
const DLL_NOT_FOUND = `exit ${0xc0000135}`
const LIBRARY_MISSING =
  'Install the Visual C++ Redistributable (x64): https://aka.ms/vs/17/release/vc_redist.x64.exe'

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
  const [[code, signal], words] = await Promise.all([
    once(child, 'exit'),
    child.stderr ? text(child.stderr) : '',
  ])
  if (code !== 0) throw new Error(`${tool} failed (${signal ?? `exit ${code}`}):\n${words.trim()}`)
}

/** @throws {Error} when the folder of the binaries has no Postgres that runs */
export async function readVersion(home: PostgresHome): Promise<number> {
  const child = spawnTool(home, 'postgres', ['--version'], ['ignore', 'pipe', 'pipe'])
  const ended = once(child, 'close').then(
    ([code, signal]) => `${signal ?? `exit ${code}`}`,
    ({ message }: Error) => message,
  )
  const outputs = [child.stdout, child.stderr].map((stream) => (stream ? text(stream) : ''))
  const [words = '', complaint = '', end = ''] = await Promise.all([...outputs, ended])
  const [, version] = /\(PostgreSQL\) (\d+)/.exec(words) ?? []
  if (version) return Number(version)
  const remedy = readSettings().SANDBOX_POSTGRES_BIN ? 'Check SANDBOX_POSTGRES_BIN.' : SCRIPTS_SKIPPED
  throw new Error(
    `No Postgres runs from ${home.bin} (${end}). ${end === DLL_NOT_FOUND ? LIBRARY_MISSING : remedy}\n${complaint.trim()}`,
  )
}
