import { prisma } from './lib/db/prisma'
import { requireEnv } from './lib/env'
import { closeStreams } from './lib/http/events'
import { takeOverSignalFromNpm } from './lib/npm-signal'
import { openQueue } from './lib/queue'

requireEnv(['DATABASE_URL', 'DATABASE_POOL_SIZE', 'APP_URL', 'RESEND_WEBHOOK_SECRET', 'INVITATIONS_PER_USER'])

// Connect now, so that the first person who signs up doesn't wait for it. No database yet? Then later.
openQueue().catch(() => {})
prisma()
  .user.findFirst()
  .catch(() => {})

takeOverSignalFromNpm()

// A signal that came before this file, while the server started, is lost on us, and `next start` has stopped listening
// but waits for ever for clients that keep their connections busy.
if (!process.getActiveResourcesInfo().includes('TCPServerWrap')) process.exit(143)

// `next start` waits for open connections when it is asked to stop, and a stream of events never ends by itself.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    closeStreams()
    setTimeout(() => process.exit(0), 5_000).unref()
  })
}
