/*
 * npm run pause     stops all workers from sending mail. Signups, erasures and other jobs go on
 * npm run resume    continues
 */

import { reachDatabase } from '@/lib/db/find-database'
import { requireEnv } from '@/lib/env'
import { setPaused } from '@/lib/sending/pace'

const order = process.argv[2]
if (order !== 'pause' && order !== 'resume') {
  console.error('Usage: npm run pause | npm run resume')
  process.exit(2)
}

await reachDatabase()
requireEnv(['DATABASE_POOL_SIZE'])
const since = await setPaused(order === 'pause')
if (since) console.log(`Paused since ${since.toISOString()}. No mail goes out until: npm run resume`)
else console.log('Mail goes out again, as fast as Resend allows.')
process.exit(0)
