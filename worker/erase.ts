// npm run erase -- ada@example.com: erases a user who cannot do it on their ticket.

import { requestErasure } from '@/lib/account/request-erasure'
import { reachDatabase } from '@/lib/db/find-database'
import { prisma } from '@/lib/db/prisma'
import { readArguments } from '@/lib/ops/arguments'
import { canonicalAddress } from '@/lib/signup/address'

const { positionals } = readArguments('npm run erase -- ada@example.com', {}, ([address = '', ...more]) => {
  return canonicalAddress(address) !== undefined && more.length === 0
})

await reachDatabase()
const user = await prisma().user.findUnique({ where: { email: canonicalAddress(positionals[0] ?? '') } })
if (!user) {
  console.error('No user has this address.')
  process.exit(1)
}
await requestErasure(user.id)
console.log('Erasure requested. A worker will erase this user.')
process.exit(0)
