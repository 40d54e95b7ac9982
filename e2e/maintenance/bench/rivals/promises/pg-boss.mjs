/* What both rows of pg-boss have in common: https://pgboss.io/introduction */
import { PgBoss } from 'pg-boss'
import { sendWelcome } from './mail.mjs'
import { createUsers, openPool, readUser } from './users.mjs'

export const packages = ['pg-boss', 'pg']
export const rows = {
  documented: { boss: {}, queue: {}, work: { localConcurrency: 10 } },
  tuned: {
    boss: { superviseIntervalSeconds: 1, monitorIntervalSeconds: 1 },
    queue: {
      retryLimit: 100,
      retryDelay: 1,
      retryBackoff: true,
      retryDelayMax: 10,
      heartbeatSeconds: 10,
    },
    work: { localConcurrency: 10, pollingIntervalSeconds: 0.5 },
    key: 'welcome/USER',
  },
}

/** Counts jobs that may still run. */
export const pending = `SELECT count(*)::int FROM pgboss.job WHERE name = 'welcome' AND state < 'completed'`

export async function migrate({ queue }) {
  await createUsers()
  const boss = await openBoss()
  await boss.createQueue('welcome', queue)
  await boss.stop()
}

export async function openBoss(options) {
  const boss = new PgBoss({ connectionString: process.env.DATABASE_URL, ...options })
  boss.on('error', (error) => console.error(error.message))
  return await boss.start()
}

export async function work({ boss: options, work, key }) {
  const pool = openPool()
  const soon = process.env.HURRY ? { superviseIntervalSeconds: 1, monitorIntervalSeconds: 1 } : {}
  const boss = await openBoss({ ...options, ...soon })
  await boss.work('welcome', work, async ([{ data }]) => {
    await sendWelcome(await readUser(pool, data.userId), key?.replace('USER', data.userId))
  })
}
