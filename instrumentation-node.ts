import cluster from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from './lib/db/clock'
import { toLogFields } from './lib/db/prisma'
import { requireEnv } from './lib/env'
import { closeStreams } from './lib/live/events'
import { log } from './lib/log'
import { takeOverConsole } from './lib/ops/console'
import { drainConnections } from './lib/ops/drain-connections'
import { rehearseSignup } from './lib/ops/rehearse'
import { startTelemetry } from './lib/ops/start-telemetry'
import { takeOverSignalFromNpm } from './lib/process'
import { countLeft } from './lib/protection/limits'

// After an exception here, Next would go on and answer 500. This ends the process.
requireEnv()
if (process.env.NODE_ENV === 'production') takeOverConsole()
const stopTelemetry = await startTelemetry('web')

takeOverSignalFromNpm()

// A signal that arrived before this file ran has reached only Next. Next has closed its port and waits for open
// connections without a limit. The only sign of it here is that the process has no server (a TCPServerWrap in Node), although
// Next's own server has listened and set this variable. A custom server listens later. In a cluster, the primary listens.
const hasListened = cluster.isPrimary && process.env.__NEXT_PRIVATE_ORIGIN
if (hasListened && !process.getActiveResourcesInfo().includes('TCPServerWrap')) {
  log.info('This web server was told to stop while it started, and ends.')
  process.exit(143)
}

// On a signal, `next start` waits for open connections, and an event stream does not end by itself. This listener has to
// run before Next's.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.prependOnceListener(signal, () => {
    drainConnections()
    closeStreams()
    void stopTelemetry()
    setTimeout(() => process.exit(0), 10_000).unref()
  })
}

// Next answers no request before this is done, so the first signup is as fast as the tenth. If the database is down, the
// server starts all the same.
const rehearsal = Promise.all([databaseNow(), rehearseSignup(), countLeft('allSignups', '')])
const rehearsed = rehearsal.catch((error) => {
  // With the name of a column that is missing, if the database was not migrated.
  log.warn(toLogFields(error), 'The rehearsal of a signup failed')
})
await Promise.race([rehearsed, sleep(2_000)])
