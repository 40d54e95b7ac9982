// See docs/operations.md, "Stop all mail".

import { reachDatabase } from '@/lib/db/find-database'
import { readArguments } from '@/lib/ops/arguments'
import { describePause, readPace, setPaused } from '@/lib/sending/pause'

const {
  positionals: [action],
} = readArguments('npm run pause | npm run resume', {}, ([action = '', ...more]) => {
  return ['pause', 'resume'].includes(action) && more.length === 0
})

await reachDatabase()
const since = await setPaused(action === 'pause')
if (since) console.log(`Paused since ${since.toISOString()}. No mail goes out until: npm run resume`)
else {
  const held = describePause(await readPace())
  console.log(
    held ? `The operator's pause has ended. ${held}` : 'Mail goes out again, as fast as Resend allows.',
  )
}
process.exit(0)
