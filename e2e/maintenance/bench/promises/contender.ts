import { type Process, query, type Stack } from '../../../stack'

/** Where an app finds what it needs. */
export type Place = { databaseUrl: string; redisUrl: string; resendUrl: string; port: number }

/** A way to sign people up and to send them a mail: a row of the table. */
export type Contender = {
  /** For --contenders. */
  id: string
  title: string
  /** As they are in force, and of which versions. */
  settings: string
  users: 'users' | '"User"'
  /** Whether it uses Prisma: those meet the locks. `alone`: it meets nothing else. */
  prisma?: 'too' | 'alone'
  /** The settings of the Redis that it needs. */
  redis?: Record<string, string>
  /** Creates tables and queues in an empty database. */
  migrate(databaseUrl: string): Promise<void>
  startWeb(place: Place): Promise<Process>
  /** @param hurry chores that are due once a minute are done once a second, where that is a setting */
  startWorker?(place: Place, hurry: boolean): Promise<Process>
  /** How many jobs may still run, leased ones included. */
  countPending(place: Place): Promise<number>
  /** Lets run out what is not a time in Postgres. */
  age?(place: Place): Promise<void>
}

/** This app, as it is deployed: with a key of its own, so that limits are on, and behind one proxy. */
export function createOurs(stack: Stack): Contender {
  const toEnv = ({ databaseUrl, resendUrl, port }: Place): Record<string, string> => ({
    DATABASE_URL: databaseUrl,
    RESEND_BASE_URL: resendUrl,
    RESEND_API_KEY: 're_production',
    RESEND_WEBHOOK_SECRET: '',
    APP_URL: `http://localhost:${port}`,
    APP_SECRET: 'a secret of thirty-two characters or more',
    TRUSTED_HOPS: '1',
    INVITATIONS_PER_USER: '',
    EXPORT_PAUSE_MS: '',
    LOG_FORMAT: 'json',
  })
  return {
    id: 'this-app',
    title: 'this app',
    settings: 'its defaults in production: limits on, TRUSTED_HOPS=1, no webhooks',
    users: '"User"',
    prisma: 'too',
    async migrate(databaseUrl) {
      const { code, output } = await stack.run(['--import', 'tsx', 'prisma/migrate.ts'], {
        DATABASE_URL: databaseUrl,
      })
      if (code !== 0) throw new Error(output)
    },
    countPending: ({ databaseUrl }) =>
      count(
        databaseUrl,
        `SELECT count(*)::int FROM "Email" WHERE status IN ('queued', 'sending', 'retrying')`,
      ),
    startWeb: (place) => stack.startWeb({ port: place.port, env: toEnv(place) }),
    startWorker: (place) => stack.startWorker(toEnv(place)),
  }
}

export async function count(databaseUrl: string, sql: string): Promise<number> {
  const [row] = await query<{ count: number }>(databaseUrl, sql)
  return row?.count ?? 0
}
