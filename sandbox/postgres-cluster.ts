import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresHome } from './postgres-home'
import { runTool } from './postgres-tools'

export interface Cluster {
  data: string
  password: string
}

export async function findCluster(home: PostgresHome): Promise<Cluster | undefined> {
  const dir = path.join(home.dir, 'cluster')
  if (!existsSync(dir)) return undefined
  return { data: path.join(dir, 'data'), password: await readFile(path.join(dir, 'password'), 'utf8') }
}

export function toUrl({ password }: Cluster, port: number): string {
  return `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`
}

/**
 * Creates the cluster in this home, in place of an earlier one. It is created under another name and renamed when it is
 * complete, so an interrupted start leaves no half cluster.
 */
export async function createCluster(home: PostgresHome, version: number): Promise<Cluster> {
  const dir = path.join(home.dir, 'cluster')
  const draft = `${dir}-draft-${process.pid}`
  const cluster: Cluster = { data: path.join(dir, 'data'), password: randomBytes(18).toString('base64url') }

  // Deleting takes a while. The rename makes sure that the next start does not find half a cluster.
  if (existsSync(dir)) await move(dir, `${dir}-trash-${process.pid}`)
  for (const name of await readdir(home.dir)) {
    // An initdb that was interrupted may need a moment to end.
    const options = { recursive: true, force: true, maxRetries: 10 }
    if (name.startsWith('cluster-')) await rm(path.join(home.dir, name), options)
  }

  const passwordFile = path.join(draft, 'password')
  await mkdir(draft, { mode: 0o700 })
  await writeFile(passwordFile, cluster.password, { mode: 0o600 })
  if (home.account) {
    for (const entry of [draft, passwordFile]) await chown(entry, home.account.uid, home.account.gid)
  }
  await runTool(home, 'initdb', [
    `--pgdata=${path.join(draft, 'data')}`,
    `--pwfile=${passwordFile}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Text sorts in the same way on every computer.
    '--no-locale',
    ...(version >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
  ])
  await move(draft, dir)
  return cluster
}

/** Renames a folder. On Windows, that fails while a virus scanner reads a file in it. */
async function move(from: string, to: string, retries = 50): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (process.platform !== 'win32' || retries === 0) throw error
    await sleep(100)
    await move(from, to, retries - 1)
  }
}
