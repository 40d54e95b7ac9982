import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Stack } from '../../../stack'
import { type App, startWorker } from './app'
import { signUp, signUpMany } from './signups'

export type Fault = {
  /** For --faults. */
  id: string
  title: string
  /** Only contenders that use Prisma meet it. */
  prisma?: boolean
  /** Hurts all of them side by side, and returns when the trouble is over. Workers are not running yet. */
  hurt(apps: App[], stack: Stack): Promise<void>
}

/** Five moments, as numbers of mails, that are the same for every contender. */
const KILLS = [4, 10, 16, 22, 28]
const SIGNUPS = 36
const EVERY_MS = 100

const killedAfter: Fault = {
  id: 'killed-after',
  title: `The worker is killed after the provider accepted mail ${KILLS.join(', ')} · ${SIGNUPS} signups, 10/s`,
  hurt: eachApp(async (app) => {
    app.provider.latencyMs = 200
    app.provider.afterAcceptance = killAt(KILLS, app)
    await startWorker(app)
    await signUpMany(app, SIGNUPS, EVERY_MS)
  }),
}

const killedBefore: Fault = {
  id: 'killed-before',
  title: `The worker is killed before the provider accepts mail ${KILLS.join(', ')} · ${SIGNUPS} signups, 10/s`,
  hurt: eachApp(async (app) => {
    app.provider.latencyMs = 200
    app.provider.beforeAcceptance = killAt(KILLS, app)
    await startWorker(app)
    await signUpMany(app, SIGNUPS, EVERY_MS)
  }),
}

/** Kills the process that sends the mails when the count passes one of the moments. Says whether it did. */
function killAt(moments: number[], app: App): (count: number) => boolean {
  const left = [...moments]
  return (count) => {
    if (left[0] === undefined || count < left[0]) return false
    while (left[0] !== undefined && left[0] <= count) left.shift()
    void (app.worker ?? app.web).kill()
    return true
  }
}

const COMMITS = 15

const signupKilled: Fault = {
  id: 'signup-killed',
  title: `The signup process is killed when every third commit is announced · ${COMMITS} signups, one by one`,
  hurt: eachApp(async (app) => {
    await startWorker(app)
    let number = 0
    const client = await listenForCommits(app, () => {
      if (number++ % 3 === 0) void app.web.kill()
    })
    for (let i = 0; i < COMMITS; i++) {
      await app.web.untilReady()
      await signUp(app)
    }
    await client.end()
  }),
}

/** Postgres announces each new user at the moment when the transaction is committed. */
async function listenForCommits({ place, contender }: App, onCommit: () => void): Promise<Client> {
  const client = new Client({ connectionString: place.databaseUrl })
  await client.connect()
  await client.query(`
    CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY committed; RETURN NULL; END $$;
    CREATE TRIGGER announce AFTER INSERT ON ${contender.users} FOR EACH STATEMENT EXECUTE FUNCTION announce();
    LISTEN committed`)
  client.on('notification', onCommit)
  return client
}

const crash: Fault = {
  id: 'crash',
  title:
    'Postgres and Redis crash with a backlog of 30, and once more while it is worked off · 40 signups, 10/s',
  async hurt(apps, stack) {
    const crashBoth = async (): Promise<void> => {
      await Promise.all([stack.killPostgres('SIGQUIT'), ...apps.map(({ redis }) => redis?.crash())])
      await stack.untilPostgresIsBack()
    }
    for (const { provider } of apps) provider.latencyMs = 200
    await Promise.all(apps.map((app) => signUpMany(app, 30, EVERY_MS)))
    await crashBoth()
    await Promise.all(apps.map((app) => startWorker(app)))
    const signups = apps.map((app) => signUpMany(app, 10, EVERY_MS))
    await sleep(500)
    await crashBoth()
    calm(apps)
    await Promise.all(signups)
  },
}

const limit: Fault = {
  id: 'limit',
  title: 'The provider takes 10 requests a second, and 60 people sign up at once',
  hurt: eachApp(async (app) => {
    app.provider.rateLimit = 10
    await startWorker(app)
    await signUpMany(app, 60, 0)
  }),
}

const OUTAGE_MS = 20_000

const down: Fault = {
  id: 'down',
  title: `The provider answers 503 for ${OUTAGE_MS / 1000} s · 30 signups, 10/s`,
  hurt: eachApp(async (app) => {
    app.provider.isDown = true
    await startWorker(app)
    await Promise.all([signUpMany(app, 30, EVERY_MS), sleep(OUTAGE_MS)])
    app.provider.isDown = false
  }),
}

const LOCK_MS = 30_000
/** So seldom that the pool is not exhausted at once: connections are lent and given back during the lock. */
const SELDOM_MS = 2_000

const lockShare = lock('lock-share', 'SHARE', '"Email"', 'as by CREATE INDEX')
const lockExclusive = lock('lock-exclusive', 'ACCESS EXCLUSIVE', '"User"', 'as by ALTER TABLE or VACUUM FULL')

function lock(id: string, mode: string, table: string, example: string): Fault {
  return {
    id,
    title: `LOCK TABLE ${table} IN ${mode} MODE (${example}) for ${LOCK_MS / 1000} s · 22 signups, one every 2 s`,
    prisma: true,
    hurt: eachApp(async (app) => {
      await startWorker(app)
      const signups = signUpMany(app, 22, SELDOM_MS)
      await sleep(2 * SELDOM_MS)
      const locker = new Client({ connectionString: app.place.databaseUrl })
      await locker.connect()
      await locker.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`)
      await sleep(LOCK_MS)
      await locker.query('ROLLBACK')
      await locker.end()
      calm([app])
      await signups
    }),
  }
}

function eachApp(hurt: (app: App) => Promise<void>): Fault['hurt'] {
  return async (apps) => {
    await Promise.all(
      apps.map(async (app) => {
        await hurt(app)
        app.calmAt ||= Date.now()
      }),
    )
  }
}

function calm(apps: App[]): void {
  for (const app of apps) app.calmAt = Date.now()
}

/** The faults of one list run side by side. */
export const ROUNDS: Fault[][] = [
  [killedAfter],
  [killedBefore],
  [signupKilled],
  [crash],
  [limit],
  [down, lockShare, lockExclusive],
]
