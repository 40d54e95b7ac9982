import { setTimeout as sleep } from 'node:timers/promises'
import { databaseNow } from './lib/db/clock'
import { requireEnv } from './lib/env'
import { closeStreams } from './lib/live/events'
import { takeOverConsole } from './lib/ops/console'
import { drainConnections } from './lib/ops/drain-connections'
import { rehearseSignup } from './lib/ops/rehearse'
import { startTelemetry } from './lib/ops/start-telemetry'
import { takeOverSignalFromNpm } from './lib/process'
import { countLeft } from './lib/protection/limits'

// Next would live on after an exception, and answer 500: this ends the process.
requireEnv()
if (process.env.NODE_ENV === 'production') takeOverConsole()
const stopTelemetry = await startTelemetry('web')

takeOverSignalFromNpm()

// A signal that came while the server started, before this file, has reached Next alone: it has closed its port, and
// waits for ever for clients that keep their connections busy. All that can be seen of it from here is that this process
// has no server any more, which Node calls a TCPServerWrap.
if (!process.getActiveResourcesInfo().includes('TCPServerWrap')) process.exit(143)

// `next start` waits for open connections when it is asked to stop, and a stream of events never ends by itself. This has
// to be done before Next does its part.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.prependOnceListener(signal, () => {
    drainConnections()
    closeStreams()
    void stopTelemetry()
    setTimeout(() => process.exit(0), 10_000).unref()
  })
}

// Next answers nobody before this is done, so the first person who signs up is served like the tenth. Without a database
// it must answer, too.
const rehearsal = Promise.all([databaseNow(), rehearseSignup(), countLeft('everybody', '')])
await Promise.race([rehearsal.catch(() => {}), sleep(2_000)])
