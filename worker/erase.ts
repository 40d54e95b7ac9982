/*
 * npm run erase -- ada@example.com
 *
 * Erases a user who cannot do it on their ticket.
 */

import { requestErasure } from '@/lib/account/request-erasure'
import { reachDatabase } from '@/lib/db/find-database'
import { prisma } from '@/lib/db/prisma'
import { requireEnv } from '@/lib/env'
import { canonicalAddress } from '@/lib/signup/address'

const email = canonicalAddress(process.argv[2] ?? '')
if (!email) {
  console.error('Usage: npm run erase -- ada@example.com')
  process.exit(2)
}

await reachDatabase()
requireEnv(['DATABASE_POOL_SIZE'])
const user = await prisma().user.findUnique({ where: { email } })
if (!user) {
  console.error('No user has this address.')
  process.exit(1)
}
await requestErasure(user.id)
console.log('Erasure requested. A worker will erase this user.')
process.exit(0)
