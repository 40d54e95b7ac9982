/* The job is added by SQL in the user's transaction: https://worker.graphile.org/docs/sql-add-job */
import { makeWorkerUtils, run } from 'graphile-worker'
import { sendWelcome } from './mail.mjs'
import { createUsers, insertUser, openPool, readUser, transact } from './users.mjs'

export const title = 'graphile-worker'
export const packages = ['graphile-worker', 'pg']
export const rows = {
  documented: { run: { concurrency: 10 } },
  // A dead worker's jobs are locked for 4 h, and that is not a setting: https://worker.graphile.org/docs/error-handling
  tuned: { run: { concurrency: 10, pollInterval: 1_000 }, unlockAtStart: true, key: 'welcome/USER' },
}
/** Counts jobs that may still run. */
export const pending =
  'SELECT count(*)::int FROM graphile_worker.jobs WHERE attempts < max_attempts OR locked_by IS NOT NULL'
const connectionString = process.env.DATABASE_URL

export async function migrate() {
  await createUsers()
  const utils = await makeWorkerUtils({ connectionString })
  await utils.migrate()
  await utils.release()
}

export async function openSignup() {
  const pool = openPool()
  return (input) =>
    transact(pool, async (client) => {
      const userId = await insertUser(client, input)
      await client.query(`SELECT graphile_worker.add_job('welcome', json_build_object('userId', $1::text))`, [
        userId,
      ])
    })
}

export async function work({ run: options, unlockAtStart, key }) {
  const pool = openPool()
  if (unlockAtStart) await unlockDeadWorkers(pool)
  const soon = process.env.HURRY ? { minResetLockedInterval: 500, maxResetLockedInterval: 1_000 } : {}
  await run({
    connectionString,
    ...options,
    ...soon,
    taskList: {
      welcome: async ({ userId }) => sendWelcome(await readUser(pool, userId), key?.replace('USER', userId)),
    },
  })
}

/** There is one worker process: who held a lock before it started is dead. */
async function unlockDeadWorkers(pool) {
  const { rows } = await pool.query(
    'SELECT DISTINCT locked_by FROM graphile_worker.jobs WHERE locked_by IS NOT NULL',
  )
  const utils = await makeWorkerUtils({ connectionString })
  await utils.forceUnlockWorkers(rows.map((row) => row.locked_by))
  await utils.release()
}
