/*
 * npm run erase -- ada@example.com
 *
 * Has a user erased who asks for it in some other way than on their ticket. A worker does it.
 */

import { requestErasure } from '@/lib/account/request-erasure'
import { reachDatabase } from '@/lib/db/find-database'
import { prisma } from '@/lib/db/prisma'
import { requireEnv } from '@/lib/env'
import { canonicalAddress } from '@/lib/signup/address'

const email = canonicalAddress(process.argv[2] ?? '')
if (!email) {
  console.error('Whom? npm run erase -- ada@example.com')
  process.exit(2)
}

await reachDatabase()
requireEnv(['DATABASE_POOL_SIZE'])
const user = await prisma().user.findUnique({ where: { email } })
if (!user) {
  console.error('Nobody has signed up with this address.')
  process.exit(1)
}
await requestErasure(user.id)
console.log('Asked for. A worker does it.')
process.exit(0)
