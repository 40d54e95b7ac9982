import { createHash, randomBytes } from 'node:crypto'
import { prisma } from './db/prisma'
import { env } from './env'
import { Prisma } from './generated/prisma/client'
import { seal } from './sign'

/*
 * Who signed up stays signed in, in that browser, and a browser may hold several tickets: what that permits is in
 * owner.ts. The browser has a token, and we have its hash: what stands in the database signs nobody in.
 */
const DAY_MS = 24 * 3600 * 1000
/** A session is over after a year, or when nobody has used it for 30 days. */
const LONGEST_MS = 365 * DAY_MS
const UNUSED_MS = 30 * DAY_MS

/** Whether the app is reached by https. Then no other host, and nothing but https, can set our cookie. */
const isSecure = (): boolean => env('APP_URL').startsWith('https:')

export const cookieName = (): string => (isSecure() ? '__Host-session' : 'session')

/** The `Set-Cookie` of a session; without a token, the one that ends it. No script and no other site gets to see it. */
export function toSessionCookie(token = ''): string {
  const maxAge = token ? LONGEST_MS / 1000 : 0
  const secure = isSecure() ? '; Secure' : ''
  return `${cookieName()}=${token}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/** What a browser sends to say who it is, whether that is true or not. */
export function readToken(request: Request): string | undefined {
  const cookies = request.headers.get('cookie') ?? ''
  const token = new RegExp(`(?:^|;\\s*)${cookieName()}=([^;]*)`).exec(cookies)?.[1]
  return token && /^[\w-]{43}$/.test(token) ? token : undefined
}

/**
 * Gives a ticket to the browser that has sent this request: to its session, if it has one, or to a new one.
 * @param key the request's Idempotency-Key: should the first answer have been lost, the second has the same new session
 * @returns the token for the browser
 * @throws when the database is unreachable.
 */
export async function signIn(request: Request, userId: string, key?: string): Promise<string> {
  const sent = readToken(request)
  const isKnown = sent && (await prisma().session.count({ where: { id: hashToken(sent), ...alive() } })) > 0
  const token = isKnown ? sent : key ? seal('session', key) : randomBytes(32).toString('base64url')
  const id = hashToken(token)
  await prisma().$executeRaw`
    WITH joined AS (INSERT INTO "Session" (id) VALUES (${id}) ON CONFLICT (id) DO UPDATE SET "usedAt" = now())
    UPDATE "User" SET "sessionId" = ${id} WHERE id = ${userId}::uuid`
  return token
}

/** Ends a session: the tickets that the browser holds become those of a stranger. @throws when the database is unreachable. */
export async function endSession(token: string): Promise<void> {
  await prisma().session.deleteMany({ where: { id: hashToken(token) } })
}

/** In SQL: the session is over. */
export const isOver = Prisma.sql`(
  "createdAt" < now() - make_interval(secs => ${LONGEST_MS / 1000}) OR
  "usedAt" < now() - make_interval(secs => ${UNUSED_MS / 1000}))`

/** In Prisma: it is not. */
export function alive(): Prisma.SessionWhereInput {
  const now = Date.now()
  return { createdAt: { gt: new Date(now - LONGEST_MS) }, usedAt: { gt: new Date(now - UNUSED_MS) } }
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
