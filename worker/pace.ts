// See docs/operations.md, "Stop all mail".

import { reachDatabase } from '@/lib/db/find-database'
import { readArguments } from '@/lib/ops/arguments'
import { setPaused } from '@/lib/sending/pace'

const {
  positionals: [order],
} = readArguments('npm run pause | npm run resume', {}, ([order = '', ...more]) => {
  return ['pause', 'resume'].includes(order) && more.length === 0
})

await reachDatabase()
const since = await setPaused(order === 'pause')
if (since) console.log(`Paused since ${since.toISOString()}. No mail goes out until: npm run resume`)
else console.log('Mail goes out again, as fast as Resend allows.')
process.exit(0)
