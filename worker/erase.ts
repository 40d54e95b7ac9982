// npm run erase -- ada@example.com, or the id of a user: erases a user who cannot do it on their ticket.

import { z } from 'zod'
import { requestErasure } from '@/lib/account/request-erasure'
import { reachDatabase } from '@/lib/db/find-database'
import { prisma } from '@/lib/db/prisma'
import { readArguments } from '@/lib/ops/arguments'
import { canonicalAddress } from '@/lib/signup/address'

const isId = (word: string): boolean => z.guid().safeParse(word).success
const { positionals } = readArguments(
  'npm run erase -- ada@example.com|USER_ID',
  {},
  ([word = '', ...more]) => (isId(word) || canonicalAddress(word) !== undefined) && more.length === 0,
)
const [word = ''] = positionals

await reachDatabase()
const user = await prisma().user.findUnique({
  where: isId(word) ? { id: word } : { email: canonicalAddress(word) },
})
if (!user) {
  console.error('No user has this address or id.')
  process.exit(1)
}
await requestErasure(user.id)
console.log('Erasure requested. A worker will erase this user.')
process.exit(0)
