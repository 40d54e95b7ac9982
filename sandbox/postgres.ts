import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ignoreLibpqSettings } from './libpq-settings'
import { findPort } from './ports'
import { type Cluster, createCluster, findCluster, toUrl } from './postgres-cluster'
import { openPostgresHome } from './postgres-home'
import { readLock, releaseLock, stopServer } from './postgres-lock'
import { readVersion, spawnTool } from './postgres-tools'
import { startWithPgCtl } from './postgres-windows'
import { untilEnd } from './processes'

export interface Postgres {
  url: string
  pid: number
  /** Resolves with `exit 0`, `SIGKILL` … when the server has ended. */
  ended: Promise<string>
  stop(): Promise<void>
}

interface Options {
  dir: string
  port?: number
  /** Delete the data of earlier runs. */
  fresh?: boolean
  /** `win32`: starts the server as on Windows. */
  platform?: string
}

/** Starts the embedded Postgres on 127.0.0.1, also after a crash. @throws {Error} with the output of Postgres */
export async function startPostgres({
  dir,
  port,
  fresh,
  platform = process.platform,
}: Options): Promise<Postgres> {
  ignoreLibpqSettings()
  const home = await openPostgresHome(dir)
  // First, so that nothing is deleted when the binaries do not run.
  const version = await readVersion(home)
  const existing = await findCluster(home)
  if (existing) await releaseLock(home, existing)
  const cluster = existing && !fresh && !home.abandoned ? existing : await createCluster(home, version)

  const settings = [
    `port=${port ?? (await findPort(0))}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
  ]
  const logFile = path.join(home.dir, 'log')
  if (platform === 'win32') return startWithPgCtl(home, cluster, settings, logFile)
  // A file, because a pipe breaks when the runner is killed.
  const log = await open(logFile, 'w')
  const args = ['-D', cluster.data, ...settings.flatMap((setting) => ['-c', setting])]
  const server = spawnTool(home, 'postgres', args, ['ignore', log.fd, log.fd])
  const ended = untilEnd(server)
  await once(server, 'spawn')
  await log.close()

  const url = await waitUntilReady(cluster, server)
  if (!url || !server.pid) throw new Error(`Postgres did not start:\n${await readFile(logFile, 'utf8')}`)

  const stop = async (): Promise<void> => {
    await stopServer(home, cluster).catch(() => server.kill('SIGKILL'))
    await ended
  }
  return { url, pid: server.pid, ended, stop }
}

async function waitUntilReady(cluster: Cluster, server: ChildProcess): Promise<string | undefined> {
  while (server.exitCode === null && server.signalCode === null) {
    const lock = await readLock(cluster)
    if (lock?.pid === server.pid && lock?.state === 'ready') {
      return toUrl(cluster, lock.port)
    }
    await sleep(20)
  }
}
