/* The user is inserted, then the job is added to Redis: https://docs.bullmq.io/readme-1 */
import { Queue, Worker } from 'bullmq'
import IORedis from 'ioredis'
import { sendWelcome } from './mail.mjs'
import { createUsers, insertUser, openPool, readUser } from './users.mjs'

export const title = 'BullMQ after the insert'
export const packages = ['bullmq', 'ioredis']
export const rows = {
  documented: { redis: {}, worker: { concurrency: 10 }, job: {} },
  tuned: {
    redis: { appendonly: 'yes' },
    worker: {
      concurrency: 10,
      limiter: { max: 10, duration: 1_000 },
      lockDuration: 10_000,
      stalledInterval: 5_000,
      maxStalledCount: 100,
    },
    job: { attempts: 100, backoff: { type: 'fixed', delay: 2_000 } },
    key: 'welcome/USER',
  },
}
export const migrate = createUsers

export async function openSignup({ job }) {
  const pool = openPool()
  const queue = new Queue('welcome', { connection: connect() })
  queue.on('error', (error) => console.error(error.message))
  return async (input) => {
    const userId = await insertUser(pool, input)
    await queue.add('welcome', { userId }, job)
  }
}

export async function work({ worker: options, key }) {
  const pool = openPool()
  const send = async ({ data: { userId } }) =>
    sendWelcome(await readUser(pool, userId), key?.replace('USER', userId))
  const soon = process.env.HURRY ? { stalledInterval: 1_000 } : {}
  const worker = new Worker('welcome', send, { ...options, ...soon, connection: connect() })
  worker.on('error', (error) => console.error(error.message))
  await worker.waitUntilReady()
}

/** Jobs that may still run. */
export async function countPending({ redisUrl }) {
  const queue = new Queue('welcome', { connection: { url: redisUrl, maxRetriesPerRequest: null } })
  const count = await queue.getJobCountByTypes('waiting', 'active', 'delayed')
  await queue.close()
  return count
}

/** In Redis, locks expire by themselves: here they do so now. */
export async function age() {
  const redis = connect()
  const locks = await redis.keys('bull:welcome:*:lock')
  await redis.del('bull:welcome:stalled-check', ...locks)
}

function connect() {
  const redis = new IORedis(process.env.REDIS_URL, { maxRetriesPerRequest: null })
  redis.on('error', (error) => console.error(error.message))
  return redis
}
