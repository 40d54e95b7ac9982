/* The workflow is enqueued in the user's transaction: https://docs.dbos.dev/typescript/reference/client */
import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk'
import { sendWelcome } from './mail.mjs'
import { createUsers, insertUser, openPool, readUser, transact } from './users.mjs'

export const title = 'DBOS'
export const packages = ['@dbos-inc/dbos-sdk', 'pg']
export const rows = {
  documented: { queue: { workerConcurrency: 10 }, step: {} },
  tuned: {
    queue: { workerConcurrency: 10, rateLimit: { limitPerPeriod: 10, periodSec: 1 } },
    step: { retriesAllowed: true, maxAttempts: 100, intervalSeconds: 1, backoffRate: 1.2 },
    key: 'welcome/USER',
  },
}
/** Counts workflows that may still run. */
export const pending = `SELECT count(*)::int FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'DELAYED', 'PENDING')`
const systemDatabaseUrl = process.env.DATABASE_URL
const QUEUE = { queueName: 'welcome', workflowName: 'welcome' }

export async function migrate() {
  await createUsers()
  await DBOS.migrate(systemDatabaseUrl)
}

export async function openSignup() {
  const pool = openPool()
  const client = await DBOSClient.create({ systemDatabaseUrl })
  return (input) =>
    transact(pool, async (db) => {
      const userId = await insertUser(db, input)
      await client.enqueueInTransaction(db, QUEUE, userId)
    })
}

export async function work({ queue, step, key }) {
  const pool = openPool()
  const welcome = async (userId) => {
    const send = async () => sendWelcome(await readUser(pool, userId), key?.replace('USER', userId))
    await DBOS.runStep(send, { name: 'send', ...step })
  }
  DBOS.registerWorkflow(welcome, { name: 'welcome' })
  DBOS.setConfig({ name: 'welcome', systemDatabaseUrl })
  await DBOS.launch()
  await DBOS.registerQueue('welcome', queue)
}
