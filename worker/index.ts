import { hostname } from 'node:os'
import { requireEnv } from '@/lib/env'
import { WORKER_NAME } from '@/lib/health'
import { takeOverSignalFromNpm } from '@/lib/npm-signal'
import { createBoss, QUEUES, type QueueName } from '@/lib/queue'
import { untilAskedToStop } from './stop'
import { work } from './work'

// 1. Better not start at all than start and fail at every job.
takeOverSignalFromNpm()
// React has a slow build for developers: this way, the handlers that are loaded below get the other one.
Object.assign(process.env, { NODE_ENV: process.env.NODE_ENV ?? 'production' })
requireEnv()

// 2. Connect to the queue. Of the web server's and the worker's, this is the boss that does the upkeep: every two
//    seconds it looks for jobs whose worker has died.
const boss = createBoss({
  application_name: `${WORKER_NAME} ${process.pid}@${hostname()}`,
  useListenNotify: true,
  superviseIntervalSeconds: 2,
  monitorIntervalSeconds: 2,
  migrate: false,
  createSchema: false,
})
await boss.start({ attempts: 1_000 })

// 3. Take jobs. From here on everything happens in jobs/.
for (const name of Object.keys(QUEUES) as QueueName[]) await work(boss, name)
console.log('Ready for jobs.')

// 4. Asked to stop, take no more jobs and finish those in hand. What is not done in 15 s goes to another worker.
const signal = await untilAskedToStop()
console.log(`${signal}: finishing the jobs in hand.`)
await boss.stop({ graceful: true, timeout: 15_000 })
console.log('Goodbye.')
process.exit(0)
