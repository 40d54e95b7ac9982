import './node-env'
import { takeOverConsole } from '@/lib/console'
import { env, requireEnv } from '@/lib/env'
import { WORKER_NAME } from '@/lib/health'
import { log } from '@/lib/log'
import { takeOverSignalFromNpm } from '@/lib/npm-signal'
import { PROCESS_NAME } from '@/lib/process-name'
import { openQueue } from '@/lib/queue'
import { startTelemetry } from '@/lib/start-telemetry'
import { listenForHealth } from './health'
import { HANDLERS } from './jobs'
import { untilAskedToStop } from './stop'
import { work } from './work'

// 1. Better not start at all than start and fail at every job.
takeOverSignalFromNpm()
requireEnv()
takeOverConsole()
const stopTelemetry = await startTelemetry('worker')
const port = env('WORKER_PORT')
if (port) listenForHealth(port)

// 2. Connect to the queue. The upkeep is for workers to do, not for web servers: every two seconds each looks for jobs
//    whose worker has died. As long as there is no database, it tries again and says so.
const patience = setInterval(() => log.error('The queue cannot be reached yet. Trying again.'), 60_000)
const boss = await openQueue({
  application_name: `${WORKER_NAME} ${PROCESS_NAME}`,
  useListenNotify: true,
  schedule: true,
  superviseIntervalSeconds: 2,
  monitorIntervalSeconds: 2,
  attempts: 1_000,
  // Its upkeep reads and deletes more at a time than a request does.
  patienceMs: 30_000,
})
clearInterval(patience)

// 3. Take jobs. From here on everything happens in jobs/.
await work(boss, HANDLERS)
log.info('Ready for jobs.')

// 4. Asked to stop, take no more jobs and finish those in hand. What is not done in 15 s goes to another worker.
const signal = await untilAskedToStop()
log.info(`${signal}: finishing the jobs in hand.`)
await boss.stop({ graceful: true, timeout: 15_000 })
await stopTelemetry()
log.info('Goodbye.')
process.exit(0)
