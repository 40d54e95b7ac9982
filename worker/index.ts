import './node-env'
import './fatal'
import { databaseNow } from '@/lib/db/clock'
import { pool } from '@/lib/db/prisma'
import { env, requireEnv } from '@/lib/env'
import { WORKER_NAME } from '@/lib/live/workers'
import { log, reasonOf } from '@/lib/log'
import { takeOverConsole } from '@/lib/ops/console'
import { startTelemetry } from '@/lib/ops/start-telemetry'
import { PROCESS_NAME, takeOverSignalFromNpm } from '@/lib/process'
import { openQueue } from '@/lib/queue'
import { listenForHealth } from './health'
import { HANDLERS } from './jobs'
import { logUnserved } from './jobs/clean-up'
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
//    whose worker has died. As long as there is no database, it tries again and says so, and why.
const patience = setInterval(async () => {
  const reason = await pool()
    .query('SELECT 1')
    .then(() => 'the database answers. Has "npm run migrate" been run?', reasonOf)
  log.error({ reason }, 'The queue cannot be reached yet. Trying again')
}, 60_000)
const boss = await openQueue({
  application_name: `${WORKER_NAME} ${PROCESS_NAME}`,
  // It writes down every second that it lives: see LIVE_WORKERS in lib/live/workers.ts.
  registerInstance: true,
  instanceName: WORKER_NAME,
  instanceHeartbeatSeconds: 1,
  useListenNotify: true,
  schedule: true,
  superviseIntervalSeconds: 2,
  monitorIntervalSeconds: 2,
  attempts: 1_000,
  // Its upkeep reads and deletes more at a time than a request does.
  statementTimeoutMs: 30_000,
})
clearInterval(patience)
await databaseNow()

// 3. Take jobs. From here on everything happens in jobs/.
await work(boss, HANDLERS)
await logUnserved()
log.info('Ready for jobs.')

// 4. Asked to stop, take no more jobs and finish those in hand. What is not done in 15 s goes to another worker.
const signal = await untilAskedToStop()
log.info(`${signal}: finishing the jobs in hand.`)
await boss.stop({ graceful: true, timeout: 15_000 })
await stopTelemetry()
log.info('Goodbye.')
process.exit(0)
