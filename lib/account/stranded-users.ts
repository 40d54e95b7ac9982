import { Prisma } from '../generated/prisma/client'
import { enqueue } from '../queue'
import type { StrandedKind } from '../sending/stranded'
import { completeSignup } from '../signup/signup'

export const USER: StrandedKind = {
  // Since the last complete run. Five minutes for transactions that commit late.
  waiting: Prisma.sql`
    SELECT id, "createdAt" AS since FROM "User"
    WHERE "signupHash" IS NOT NULL AND erasure IS NULL
      AND "createdAt" >= coalesce((SELECT "checkedUntil" - interval '5 minutes' FROM "Sweep"), now() - interval '1 day')
      AND NOT EXISTS (SELECT FROM "Email" WHERE "userId" = "User".id)`,
  lock: (tx, id) => tx.$queryRaw`SELECT FROM "User" WHERE id = ${id}::uuid FOR UPDATE`,
  repair: completeSignup,
}

export const ERASURE: StrandedKind = {
  waiting: Prisma.sql`SELECT id, "createdAt" AS since FROM "User" WHERE erasure IS NOT NULL`,
  job: { queues: ['erase-user'], field: 'userId' },
  lock: USER.lock,
  repair: (tx, userId) => enqueue(tx, 'erase-user', { userId }),
}
