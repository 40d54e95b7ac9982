import { z } from 'zod'
import { prisma } from '../db/prisma'
import type { User } from '../generated/prisma/client'
import { notFound, Problem } from '../http/problem'
import { hashToken, isExpired, readToken } from './session'

/*
 * Watching a ticket needs no session: its address is the permission. Acting in a person's name, and reading their data,
 * does.
 */

/**
 * The user to whom a ticket belongs, if it was their browser that sent this token; otherwise null.
 * @param ticketId the id of their welcome email
 * @throws when the database is unreachable.
 */
export async function findOwner(ticketId: string, token: string | undefined): Promise<User | null> {
  if (!token || !z.guid().safeParse(ticketId).success) return null
  const [user] = await prisma().$queryRaw<(User & { isDue: boolean })[]>`
    SELECT "User".*, "usedAt" < now() - interval '1 hour' AS "isDue"
    FROM "User" JOIN "Session" ON "Session".id = "sessionId" AND NOT ${isExpired}
    WHERE "Session".id = ${hashToken(token)}
      AND EXISTS (SELECT FROM "Email" WHERE "userId" = "User".id AND id = ${ticketId}::uuid AND kind = 'welcome')`
  if (!user) return null
  if (user.isDue)
    await prisma().$executeRaw`UPDATE "Session" SET "usedAt" = now() WHERE id = ${hashToken(token)}`
  return user
}

/**
 * The user whose ticket it is, for a request that acts in their name.
 * @param ticketId the id of their welcome email
 * @throws {Problem} 401 without a session, 403 when the ticket is somebody else's, 404 when there is none.
 * @throws when the database is unreachable.
 */
export async function requireOwner(request: Request, ticketId: string): Promise<User> {
  const token = readToken(request)
  if (!token) {
    throw new Problem(401, 'Not signed in', { detail: 'Only the browser that signed up may do this.' })
  }
  const owner = await findOwner(ticketId, token)
  if (owner) return owner
  if (!(await isTicket(ticketId))) throw notFound()
  throw new Problem(403, 'Not your ticket', {
    detail: 'Another browser has signed up for it, or this one has signed out.',
  })
}

async function isTicket(id: string): Promise<boolean> {
  if (!z.guid().safeParse(id).success) return false
  return (await prisma().email.count({ where: { id, kind: 'welcome' } })) > 0
}
