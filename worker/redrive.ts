/*
 * npm run redrive                 everything that was given up
 * npm run redrive -- <email id>   one email
 *
 * With --force also what Resend may have accepted more than 23 h ago: its owner could then get the mail twice.
 */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { listFailedEmails, redriveEmail } from '@/lib/email/redrive'
import { requireEnv } from '@/lib/env'
import { reachDatabase } from '@/lib/find-database'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { force: { type: 'boolean', default: false } },
})
const malformed = positionals.find((id) => !z.guid().safeParse(id).success)
if (malformed) {
  console.error(`Not the id of an email: ${malformed}`)
  process.exit(2)
}

await reachDatabase()
requireEnv(['DATABASE_POOL_SIZE'])
const ids = positionals.length > 0 ? positionals : await listFailedEmails()
const results = []
for (const id of ids) {
  const result = await redriveEmail(id, { force: values.force })
  console.log(`${id}: ${result}`)
  results.push(result)
}
const queued = results.filter((result) => result === 'queued').length
console.log(`${queued} of ${results.length} put back into the queue.`)
process.exit(queued === results.length ? 0 : 1)
