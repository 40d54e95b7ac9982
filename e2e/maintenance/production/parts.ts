import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { query } from '../../stack'
import { type Account, type Program, runProgram, startProgram } from './program'

/*
 * Debian's Postgres, PgBouncer and nginx, each with the very lines of docs/operations.md: only addresses, files and
 * passwords are other ones.
 */

const PACKAGES = {
  postgresql: () => findPostgres() !== undefined,
  'nginx-light': () => isThere('nginx'),
  pgbouncer: () => isThere('pgbouncer'),
  openssl: () => isThere('openssl'),
  libfaketime: () => findFakeTime() !== undefined,
}

/** Makes sure that all parts are on this computer. @throws saying which are not, and how to get them */
export function findParts(): void {
  const missing = (): string[] =>
    Object.entries(PACKAGES).flatMap(([name, isInstalled]) => (isInstalled() ? [] : [name]))
  if (missing().length > 0 && process.getuid?.() === 0 && isThere('apt-get')) {
    console.log(`Installing ${missing().join(', ')} …`)
    execFileSync('apt-get', ['update'], { stdio: 'ignore' })
    const install = ['install', '-y', '--no-install-recommends', ...missing()]
    execFileSync('apt-get', install, {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  if (missing().length === 0) return
  throw new Error(`Missing here. On Debian or Ubuntu: apt-get install ${missing().join(' ')}`)
}

/** Whether a program can be started by its name. */
export function isThere(program: string): boolean {
  return `${process.env.PATH}:/usr/sbin:/sbin`.split(':').some((dir) => existsSync(path.join(dir, program)))
}

/** The newest of Debian's Postgres programs. */
function findPostgres(): string | undefined {
  const home = '/usr/lib/postgresql'
  const versions = existsSync(home) ? readdirSync(home).sort((a, b) => Number(b) - Number(a)) : []
  return versions
    .map((version) => path.join(home, version, 'bin'))
    .find((bin) => existsSync(path.join(bin, 'initdb')))
}

/** A library that tells a program another time than it is. */
export function findFakeTime(): string | undefined {
  const homes = existsSync('/usr/lib') ? readdirSync('/usr/lib') : []
  return homes
    .map((home) => `/usr/lib/${home}/faketime/libfaketimeMT.so.1`)
    .find((library) => existsSync(library))
}

/** An account without rights, if this runs as root. Neither Postgres nor the app may run as root. */
export function findAccount(name = 'nobody'): Account | undefined {
  if (process.getuid?.() !== 0) return
  const [, , uid, gid] = (
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`${name}:`)) ?? ''
  ).split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/**
 * Returns a block of code of docs/operations.md, with other words in some places.
 * @param where `heading`: the block is the first one below it; `first`: what the block begins with
 * @throws when the block, or one of the words, is not there
 */
export async function readDocs(
  language: string,
  words: Record<string, string>,
  { heading = '# Operations', first = '' } = {},
): Promise<string> {
  const all = await readFile('docs/operations.md', 'utf8')
  const [, text = ''] = all.split(`${heading}\n`)
  let block = new RegExp(`^\`\`\`${language}\n(${first}.*?)^\`\`\``, 'ms').exec(text)?.[1] ?? ''
  for (const [word, other] of Object.entries(words)) {
    if (!block.includes(word)) throw new Error(`docs/operations.md, ${language}: no ${word}`)
    block = block.replaceAll(word, other)
  }
  return block
}

export type Database = {
  /** The superuser's. Nothing of the app uses it. */
  adminUrl: string
  /** For the migrations, and for web and worker. */
  ownerUrl: string
  appUrl: string
  program: Program
  /** Runs a statement as the superuser. */
  sql<Row>(statement: string): Promise<Row[]>
  /** The same where the database `app` need not exist. */
  maintain(statement: string): Promise<unknown>
  maintenanceUrl: string
  /** The folder with its programs. */
  bin: string
  /** A folder for what belongs to it. */
  folder: string
  /** Kills it: nothing more is saved, and no session ended in order. */
  kill(): Promise<void>
  /** Starts it again. */
  start(): Promise<void>
}

/**
 * Starts a Postgres with two ordinary roles.
 * @param options `diskFolder`: where the database's tables are to be, for a test that fills this disk; `TZ`: the
 * computer's zone, as Postgres sees it when it is installed
 */
export async function startDatabase(
  folder: string,
  port: number,
  { diskFolder, TZ = 'UTC' }: { diskFolder?: string; TZ?: string } = {},
): Promise<Database> {
  const data = path.join(folder, 'postgres')
  await makeFolder(data)
  const auth = ['--username=postgres', '--auth-local=trust', '--auth-host=scram-sha-256']
  const password = path.join(folder, 'password')
  await writeFile(password, 'superuser')
  await runProgram(
    [`${findPostgres()}/initdb`, '-D', data, '--encoding=UTF8', `--pwfile=${password}`, ...auth],
    { user: findAccount('postgres'), env: { TZ } },
  )
  const database = await startPostgres(folder, data, port)
  const roles = await readDocs('sql', {
    "'a password'": "'owner-secret'",
    "'another password'": "'app-secret'",
  })
  // The settings of the app's role are the owner's, too: as where one role is used for both.
  const same = roles.match(/^ALTER ROLE app SET .*$/gm) ?? []
  // By a role that is no superuser, as on a managed database.
  await runSql(
    database.maintenanceUrl,
    `CREATE ROLE creator LOGIN CREATEROLE CREATEDB PASSWORD 'creator-secret'`,
  )
  await runSql(
    toUrl(port, 'creator', 'creator-secret', 'postgres'),
    [roles, ...same.map((line) => line.replace('ROLE app', 'ROLE owner'))].join('\n'),
  )
  if (!diskFolder) return database
  await makeFolder(diskFolder)
  const space = `CREATE TABLESPACE small LOCATION '${diskFolder}'`
  await runSql(database.maintenanceUrl, `${space}; ALTER DATABASE app SET TABLESPACE small;`)
  return database
}

/** Runs statements one after another by psql. */
export async function runSql(databaseUrl: string, statements: string): Promise<void> {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'sql-')), 'statements.sql')
  await writeFile(file, statements)
  await runProgram([`${findPostgres()}/psql`, '-q', '-v', 'ON_ERROR_STOP=1', '-d', databaseUrl, '-f', file])
  await rm(path.dirname(file), { recursive: true })
}

/** Starts a standby of a database, on a copy that is made as docs/operations.md says. */
export async function startStandby(folder: string, port: number, primaryPort: number): Promise<Database> {
  const data = path.join(folder, 'standby')
  await makeFolder(data)
  const copy = await readDocs(
    'sh',
    {
      'host=10.0.0.5 port=5432': `host=127.0.0.1 port=${primaryPort} password=replica-secret`,
      '/var/lib/postgresql/main': data,
    },
    { heading: '#### A standby' },
  )
  const env = { PATH: `${findPostgres()}:${process.env.PATH}` }
  await runProgram(['sh', '-ec', copy], { user: findAccount('postgres'), env })
  return await startPostgres(folder, data, port)
}

/** Starts the Postgres of a folder. Its roles are those of docs/operations.md. */
async function startPostgres(folder: string, data: string, port: number): Promise<Database> {
  const bin = findPostgres() ?? ''
  const start = (): Promise<Program> =>
    startProgram([`${bin}/postgres`, '-D', data, '-k', data, '-p', `${port}`], {
      user: findAccount('postgres'),
      isReady: (output) => /ready to accept (read.only )?connections/.test(output),
    })
  let program = await start()
  const adminUrl = toUrl(port, 'postgres', 'superuser')
  const maintenanceUrl = toUrl(port, 'postgres', 'superuser', 'postgres')
  return {
    adminUrl,
    ownerUrl: toUrl(port, 'owner', 'owner-secret'),
    appUrl: toUrl(port, 'app', 'app-secret'),
    program,
    sql: (statement) => query(adminUrl, statement),
    maintenanceUrl,
    maintain: (statement) => query(maintenanceUrl, statement),
    bin,
    folder,
    async kill() {
      await program.end('SIGQUIT')
    },
    async start() {
      program = await start()
    },
  }
}

function toUrl(port: number, role: string, secret: string, database = 'app'): string {
  return `postgresql://${role}:${secret}@127.0.0.1:${port}/${database}`
}

/** Makes a folder that Postgres alone may enter. */
async function makeFolder(folder: string): Promise<void> {
  const user = findAccount('postgres')
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o700)
  if (user) await chown(folder, user.uid, user.gid)
}

/** Starts a PgBouncer before the database. Returns the app's address there, and its configuration. */
export async function startPgBouncer(
  folder: string,
  port: number,
  appUrl: string,
): Promise<{ url: string; config: string; program: Program }> {
  const url = new URL(appUrl)
  const users = path.join(folder, 'userlist.txt')
  await writeFile(users, `"${url.username}" "${url.password}"\n`)
  const config = path.join(folder, 'pgbouncer.ini')
  const words = {
    '10.0.0.5 port=5432': `127.0.0.1 port=${url.port}`,
    'listen_port = 6432': `listen_port = ${port}`,
    '/etc/pgbouncer/userlist.txt': users,
  }
  const settings = await readDocs('ini', words, { first: '\\[databases\\]' })
  await writeFile(config, settings)
  const program = await startProgram(['pgbouncer', config], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    user: findAccount(),
    isReady: (output) => /process up/.test(output),
  })
  url.port = `${port}`
  return { url: url.href, config, program }
}

/** Makes a self-signed certificate for the tests. */
export async function makeCertificate(folder: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2']
  await runProgram(['openssl', 'req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert])
  await chmod(key, 0o644)
  return { cert, key }
}

/** Starts an nginx that speaks TLS on the port, before two web servers. */
export async function startNginx(folder: string, port: number, webs: [number, number]): Promise<Program> {
  const home = path.join(folder, 'nginx')
  const server = await readDocs('nginx', {
    '10.0.0.1:3000': `127.0.0.1:${webs[0]}`,
    '10.0.0.2:3000': `127.0.0.1:${webs[1]}`,
    'listen 443 ssl': `listen ${port} ssl`,
    'listen [::]:443 ssl': `listen [::1]:${port} ssl`,
    '/var/log/nginx': home,
    '/etc/ssl/example.org.pem': path.join(folder, 'cert.pem'),
    '/etc/ssl/example.org.key': path.join(folder, 'key.pem'),
    'example.org': 'localhost',
  })
  const user = findAccount()
  await mkdir(home, { recursive: true })
  if (user) await chown(home, user.uid, user.gid)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${home}/${name};`)
    .join(' ')
  const config = path.join(folder, 'nginx.conf')
  await writeFile(
    config,
    `daemon off; pid ${home}/pid; error_log stderr warn; events {} http { access_log off; ${temporary}\n${server}}\n`,
  )
  return await startProgram(['nginx', '-c', config, '-p', home], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    user,
    isReady: () => existsSync(`${home}/pid`),
  })
}
