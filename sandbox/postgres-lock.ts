import { readFile, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Cluster } from './postgres-cluster'
import type { PostgresHome } from './postgres-home'
import { runTool } from './postgres-tools'
import { isAlive } from './processes'

interface Lock {
  pid: number
  port: number
  state: string
}

export async function readLock({ data }: Cluster): Promise<Lock | undefined> {
  const lines = (await readFile(lockFile(data), 'utf8').catch(() => '')).split('\n')
  const [pid, , , port, , , , state = ''] = lines
  return pid && port ? { pid: Number(pid), port: Number(port), state: state.trim() } : undefined
}

/** Stops the server of a killed runner, and deletes a stale lock file. */
export async function releaseLock(home: PostgresHome, cluster: Cluster): Promise<void> {
  for (let lock = await readLock(cluster); lock && isAlive(lock.pid); lock = await readLock(cluster)) {
    const holder = await findHolder(cluster, lock.port)
    // Another program has the process id now. Postgres would take it for a running server.
    if (holder === 'other') return rm(lockFile(cluster.data), { force: true })
    if (holder === 'server') return stopServer(home, cluster)
    await sleep(100)
  }
}

/** Shuts a server down and waits for its end. @throws {Error} after a minute */
export function stopServer(home: PostgresHome, { data }: Cluster): Promise<void> {
  return runTool(home, 'pg_ctl', ['stop', `--pgdata=${data}`, '--mode=fast', '--timeout=60', '--silent'])
}

/** Asks the port: this cluster's server, a server that is starting or stopping (`busy`), or none of them (`other`). */
async function findHolder({ data, password }: Cluster, port: number): Promise<'server' | 'busy' | 'other'> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    connectionTimeoutMillis: 5000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query('SHOW data_directory')
    return (await realpath(rows[0].data_directory)) === (await realpath(data)) ? 'server' : 'other'
  } catch (error) {
    const cannotConnectNow = '57P03'
    return (error as { code?: string }).code === cannotConnectNow ? 'busy' : 'other'
  } finally {
    await client.end()
  }
}

function lockFile(data: string): string {
  return path.join(data, 'postmaster.pid')
}
