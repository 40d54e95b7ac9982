import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { PostgresHome } from './postgres-home'
import { readVersion, runTool } from './postgres-tools'

/** The files of one database server. */
export interface Cluster {
  data: string
  password: string
}

/** The cluster in this home, or nothing if none was created yet. */
export async function findCluster(home: PostgresHome): Promise<Cluster | undefined> {
  const dir = path.join(home.dir, 'cluster')
  if (!existsSync(dir)) return undefined
  return { data: path.join(dir, 'data'), password: await readFile(path.join(dir, 'password'), 'utf8') }
}

/**
 * Creates the cluster in this home, in place of any earlier one.
 *
 * It is made aside and renamed when complete: an interruption leaves nothing that looks finished.
 */
export async function createCluster(home: PostgresHome): Promise<Cluster> {
  const dir = path.join(home.dir, 'cluster')
  const draft = `${dir}-draft-${process.pid}`
  const cluster: Cluster = { data: path.join(dir, 'data'), password: randomBytes(18).toString('base64url') }

  // Deleting takes a while, and half a cluster must not be found by the next start: out of the way first.
  if (existsSync(dir)) await rename(dir, `${dir}-trash-${process.pid}`)
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
    // Fixed rules instead of the computer's locale: text sorts alike on every machine.
    '--no-locale',
    ...((await readVersion(home)) >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
  ])
  await rename(draft, dir)
  return cluster
}
