import { z } from 'zod'
import { prisma } from '../db/prisma'
import { env } from '../env'
import type { User } from '../generated/prisma/client'
import { notFound, Problem } from '../http/problem'

/*
 * Who signed up stays signed in, in that browser. Watching a ticket needs no session (its address is the permission);
 * acting in a person's name, and reading their data, does.
 */
export const SESSION_COOKIE = 'session'

const ONE_DAY = 86_400

/** The `Set-Cookie` for the one who has just signed up. No script can read it, and no other site can send it. */
export function toSessionCookie(session: string): string {
  const secure = env('APP_URL').startsWith('https:') ? '; Secure' : ''
  return `${SESSION_COOKIE}=${session}; Path=/; Max-Age=${ONE_DAY}; HttpOnly; SameSite=Lax${secure}`
}

/**
 * The user to whom a ticket belongs, if it was their browser that sent this session; otherwise null.
 * @param ticketId the id of their welcome email
 * @throws when the database is unreachable.
 */
export async function findOwner(ticketId: string, session: string | undefined): Promise<User | null> {
  if (![ticketId, session].every((id) => z.guid().safeParse(id).success)) return null
  return await prisma().user.findFirst({
    where: { session, emails: { some: { id: ticketId, kind: 'welcome' } } },
  })
}

/**
 * The user whose ticket it is, for a request that acts in their name.
 * @param ticketId the id of their welcome email
 * @throws {Problem} 401 without a session, 403 when the ticket is somebody else's, 404 when there is none.
 * @throws when the database is unreachable.
 */
export async function requireOwner(request: Request, ticketId: string): Promise<User> {
  const cookies = request.headers.get('cookie') ?? ''
  const session = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([^;]*)`).exec(cookies)?.[1]
  if (!z.guid().safeParse(session).success) {
    throw new Problem(401, 'Not signed in', { detail: 'Only the browser that signed up may do this.' })
  }
  const owner = await findOwner(ticketId, session)
  if (owner) return owner
  if (!(await isTicket(ticketId))) throw notFound()
  throw new Problem(403, 'Not your ticket', {
    detail: 'It belongs to somebody else than the one who last signed up in this browser.',
  })
}

async function isTicket(id: string): Promise<boolean> {
  if (!z.guid().safeParse(id).success) return false
  return (await prisma().email.count({ where: { id, kind: 'welcome' } })) > 0
}
