import './node-env'
import { requireEnv } from '@/lib/env'
import { PROCESS_NAME, WORKER_NAME } from '@/lib/health'
import { takeOverSignalFromNpm } from '@/lib/npm-signal'
import { openQueue } from '@/lib/queue'
import { HANDLERS } from './jobs'
import { untilAskedToStop } from './stop'
import { work } from './work'

// 1. Better not start at all than start and fail at every job.
takeOverSignalFromNpm()
requireEnv()

// 2. Connect to the queue. Of the web server's and the worker's, this is the boss that does the upkeep: every two
//    seconds it looks for jobs whose worker has died.
const boss = await openQueue({
  application_name: `${WORKER_NAME} ${PROCESS_NAME}`,
  useListenNotify: true,
  superviseIntervalSeconds: 2,
  monitorIntervalSeconds: 2,
  attempts: 1_000,
})

// 3. Take jobs. From here on everything happens in jobs/.
await work(boss, HANDLERS)
console.log('Ready for jobs.')

// 4. Asked to stop, take no more jobs and finish those in hand. What is not done in 15 s goes to another worker.
const signal = await untilAskedToStop()
console.log(`${signal}: finishing the jobs in hand.`)
await boss.stop({ graceful: true, timeout: 15_000 })
console.log('Goodbye.')
process.exit(0)
