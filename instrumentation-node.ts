import { closeStreams } from './lib/email/stream'
import { requireEnv } from './lib/env'

requireEnv('DATABASE_URL', 'APP_URL', 'RESEND_WEBHOOK_SECRET')

// `next start` waits for open connections when it is asked to stop, and a stream of events never ends by itself.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    closeStreams()
    setTimeout(() => process.exit(0), 5_000).unref()
  })
}
