import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { guardProcess } from './guard'
import type { Postgres } from './postgres'
import { type Cluster, toUrl } from './postgres-cluster'
import type { PostgresHome } from './postgres-home'
import { readLock, stopServer } from './postgres-lock'
import { spawnTool } from './postgres-tools'
import { isAlive, signalGroup } from './processes'

/**
 * Starts the server on Windows. In an administrator's terminal, as on GitHub's runners, postgres.exe refuses to run. Only
 * pg_ctl drops these rights for it. This has run on Linux, and not yet on Windows. @throws {Error} with the output of Postgres
 */
export async function startWithPgCtl(
  home: PostgresHome,
  cluster: Cluster,
  settings: string[],
  logFile: string,
): Promise<Postgres> {
  // A server that has just stopped may still hold it.
  await rm(logFile, { recursive: true, force: true, maxRetries: 10 })
  const options = settings.map((setting) => `-c ${setting}`).join(' ')
  const args = ['start', '-D', cluster.data, '-l', logFile, '-w', '-t', '60', '-o', options]
  // Without pipes, because the server inherits them and keeps them open.
  await once(spawnTool(home, 'pg_ctl', args, 'ignore'), 'exit')
  const lock = await readLock(cluster)
  if (lock?.state !== 'ready') {
    await stopServer(home, cluster).catch(() => {})
    throw new Error(`Postgres did not start:\n${await readFile(logFile, 'utf8').catch(() => '')}`)
  }

  const { pid, port } = lock
  const ended = untilGone(pid)
  guardProcess(pid, 'SIGINT', ended)
  const stop = async (): Promise<void> => {
    await stopServer(home, cluster).catch(() => signalGroup(pid, 'SIGKILL'))
    await ended
  }
  return { url: toUrl(cluster, port), pid, ended, stop }
}

async function untilGone(pid: number): Promise<string> {
  while (isAlive(pid)) await sleep(500)
  return 'gone'
}
