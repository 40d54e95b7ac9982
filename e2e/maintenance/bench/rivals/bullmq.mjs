/* node bullmq.mjs [options of the worker, as JSON] [options of the jobs, as JSON] */
import { Queue, Worker } from 'bullmq'
import IORedis from 'ioredis'
import { listEmails, sendWelcome } from './mail.mjs'

const options = JSON.parse(process.argv[2] ?? '{}')
const opts = JSON.parse(process.argv[3] ?? '{}')
const connection = new IORedis(process.env.REDIS_URL, { maxRetriesPerRequest: null })
const queue = new Queue('bench-welcome', { connection })
await queue.obliterate({ force: true })
await queue.addBulk((await listEmails()).map((emailId) => ({ name: 'welcome', data: { emailId }, opts })))
console.log('Ready')

const worker = new Worker('bench-welcome', ({ data }) => sendWelcome(data.emailId), {
  concurrency: 10,
  ...options,
  connection,
})
worker.on('failed', (job) => {
  if (job.attemptsMade >= (job.opts.attempts ?? 1)) console.log('lost', job.data.emailId)
})
