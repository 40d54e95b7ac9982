import { z } from 'zod'
import { env } from './env'
import type { User } from './generated/prisma/client'
import { prisma } from './prisma'

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
