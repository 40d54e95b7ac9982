import { z } from 'zod'
import { prisma } from '../db/prisma'
import type { User } from '../generated/prisma/client'
import { notFound, Problem } from '../http/problem'
import { logThrottled } from '../log'
import { hashToken, isExpired, readToken } from './session'

/** Returns the owner of a ticket if the token belongs to their session. */
export async function findOwner(ticketId: string, token: string | undefined): Promise<User | null> {
  if (!token || !z.guid().safeParse(ticketId).success) return null
  const [user] = await prisma().$queryRaw<(User & { isDue: boolean })[]>`
    SELECT "User".*, "usedAt" < now() - interval '1 hour' AS "isDue"
    FROM "User" JOIN "Session" ON "Session".id = "sessionId" AND NOT ${isExpired}
    WHERE "Session".id = ${hashToken(token)}
      AND EXISTS (SELECT FROM "Email" WHERE "userId" = "User".id AND id = ${ticketId}::uuid AND kind = 'welcome')`
  if (!user) return null
  if (user.isDue) await noteUse(token)
  return user
}

// Never throws: an owner can read their ticket also when the database is read-only.
async function noteUse(token: string): Promise<void> {
  try {
    await prisma().$executeRaw`UPDATE "Session" SET "usedAt" = now() WHERE id = ${hashToken(token)}`
  } catch (error) {
    logThrottled('The use of a session cannot be noted', { err: error })
  }
}

/** Returns the ticket's user. @throws {Problem} 401 without a session, 403 when the ticket belongs to another session, 404 without a ticket */
export async function requireOwner(request: Request, ticketId: string): Promise<User> {
  const token = readToken(request)
  if (!token) {
    throw new Problem(401, 'Not signed in', { detail: 'Only the browser that signed up may do this.' })
  }
  const owner = await findOwner(ticketId, token)
  if (owner) return owner
  if (!(await isTicket(ticketId))) throw notFound()
  throw new Problem(403, 'Not your ticket', {
    detail: 'Another browser signed up for it, or this browser has signed out.',
  })
}

async function isTicket(id: string): Promise<boolean> {
  if (!z.guid().safeParse(id).success) return false
  return (await prisma().email.count({ where: { id, kind: 'welcome' } })) > 0
}
