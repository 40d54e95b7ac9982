// See docs/operations.md, "Stop all mail".

import { databaseNow } from '@/lib/db/clock'
import { reachDatabase } from '@/lib/db/find-database'
import { readArguments } from '@/lib/ops/arguments'
import { readPace, setPaused } from '@/lib/sending/pace'

const {
  positionals: [order],
} = readArguments('npm run pause | npm run resume', {}, ([order = '', ...more]) => {
  return ['pause', 'resume'].includes(order) && more.length === 0
})

await reachDatabase()
const since = await setPaused(order === 'pause')
if (since) console.log(`Paused since ${since.toISOString()}. No mail goes out until: npm run resume`)
else {
  const { reason, until } = await readPace()
  // After `until`, the next mail is a trial.
  const isHeld = reason && (!until || +until > (await databaseNow()))
  console.log(
    isHeld
      ? `The operator's pause has ended. No requests to Resend until ${until?.toISOString() ?? 'an operator resets "nextTurnAt"'}: ${reason}.`
      : 'Mail goes out again, as fast as Resend allows.',
  )
}
process.exit(0)
