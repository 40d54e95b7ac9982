import { requireEnv } from './lib/env'
import { takeOverSignalFromNpm } from './lib/npm-signal'
import { openSender } from './lib/queue'
import { closeStreams } from './lib/stream'

requireEnv('DATABASE_URL', 'APP_URL', 'RESEND_WEBHOOK_SECRET', 'INVITATIONS_PER_USER')

// Connect now, so that the first person who signs up doesn't wait for it. No database yet? Then later.
openSender().catch(() => {})

takeOverSignalFromNpm()

// `next start` waits for open connections when it is asked to stop, and a stream of events never ends by itself.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    closeStreams()
    setTimeout(() => process.exit(0), 5_000).unref()
  })
}
