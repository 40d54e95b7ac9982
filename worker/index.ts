import './node-env'
import './fatal'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from '@/lib/db/clock'
import { pool } from '@/lib/db/prisma'
import { env, requireEnv } from '@/lib/env'
import { WORKER_NAME } from '@/lib/live/workers'
import { log, reasonOf } from '@/lib/log'
import { readArguments } from '@/lib/ops/arguments'
import { takeOverConsole } from '@/lib/ops/console'
import { logUnserved } from '@/lib/ops/queue-state'
import { startTelemetry } from '@/lib/ops/start-telemetry'
import { PROCESS_NAME, takeOverSignalFromNpm } from '@/lib/process'
import { openQueue } from '@/lib/queue'
import { waitForDeliveries } from './background'
import { listenForHealth } from './health'
import { HANDLERS } from './jobs'
import { waitForStopSignal } from './stop'
import { work } from './work'

const DRAIN_MS = 15_000

// 1. Check the settings.
takeOverSignalFromNpm()
readArguments('npm run worker', {})
requireEnv()
takeOverConsole()
const stopTelemetry = await startTelemetry('worker')
const port = env('WORKER_PORT')
if (port) listenForHealth(port)

// 2. Connect to the queue, and retry until the database is reachable. Only workers run the maintenance of pg-boss.
const progress = setInterval(async () => {
  const reason = await pool()
    .query('SELECT 1')
    .then(() => 'the database answers. Has "npm run migrate" been run, and not by a newer version?', reasonOf)
  log.error({ reason }, 'Cannot reach the queue yet: trying again')
}, 15_000)
const boss = await openQueue({
  application_name: `${WORKER_NAME} ${PROCESS_NAME}`,
  // For LIVE_WORKERS in lib/live/workers.ts.
  registerInstance: true,
  instanceName: WORKER_NAME,
  instanceHeartbeatSeconds: 1,
  useListenNotify: true,
  schedule: true,
  superviseIntervalSeconds: 2,
  monitorIntervalSeconds: 2,
  attempts: 1_000,
  // Maintenance statements are slower than those of requests.
  statementTimeoutMs: 30_000,
})
clearInterval(progress)
await databaseNow()

// 3. Run jobs: see jobs/.
const stopSignal = waitForStopSignal()
await work(boss, HANDLERS)
logUnserved().catch((error) =>
  log.error({ reason: reasonOf(error) }, 'Cannot look for queues that are not in lib/queue.ts'),
)
log.info('Ready for jobs.')

// 4. Drain: finish the current jobs within 15 s. Another worker retries the rest.
const signal = await stopSignal
setTimeout(() => {
  log.error(
    'The stop takes too long, for example because the database hangs: another worker retries the jobs.',
  )
  process.exit(0)
}, DRAIN_MS + 3_000).unref()
log.info(`${signal}: finishing the current jobs.`)
const deadline = sleep(DRAIN_MS, undefined, { ref: false })
await boss.stop({ graceful: true, timeout: DRAIN_MS, close: false })
await Promise.race([waitForDeliveries(), deadline])
await boss.stop()
await stopTelemetry()
log.info('Goodbye.')
process.exit(0)
