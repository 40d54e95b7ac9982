import { prisma } from '@/lib/db/prisma'
import { waits } from './waits'

/** A first name of the room, and how long the server took for the signup. Null if the server has been restarted since. */
export type Credit = { name: string; waitedMs: number | null }

const MOST = 1_000

/** Everyone who has signed up, in their order, without the made-up people of the demonstrations. */
export async function readCredits(): Promise<Credit[]> {
  const people = await prisma().$queryRaw<{ id: string; name: string }[]>`
    SELECT email.id, split_part(name, ' ', 1) AS name
    FROM "User" AS person JOIN "Email" AS email ON email."userId" = person.id AND kind = 'welcome'
    WHERE person.email NOT LIKE '%+%@resend.dev' ORDER BY person."createdAt" LIMIT ${MOST}`
  return people.map(({ id, name }) => ({ name, waitedMs: waits.get(id) ?? null }))
}
