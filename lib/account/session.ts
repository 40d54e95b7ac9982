import { createHash, randomBytes } from 'node:crypto'
import { prisma, type Transaction } from '../db/prisma'
import { env } from '../env'
import { Prisma } from '../generated/prisma/client'
import { hmac } from '../sign'

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
  const isKnown = sent && (await isAlive(sent))
  const token = isKnown ? sent : key ? hmac('session', key) : randomBytes(32).toString('base64url')
  const id = hashToken(token)
  // The user is locked before the session: see the order in lib/sending/lock-emails.ts.
  await prisma().$executeRaw`
    WITH owner AS MATERIALIZED (SELECT id FROM "User" WHERE id = ${userId}::uuid FOR UPDATE),
    joined AS (
      INSERT INTO "Session" (id) SELECT ${id} FROM owner ON CONFLICT (id) DO UPDATE SET "usedAt" = now() RETURNING id
    )
    UPDATE "User" SET "sessionId" = joined.id FROM owner, joined WHERE "User".id = owner.id`
  return token
}

/** Ends a session: the tickets that the browser holds become those of a stranger. @throws when the database is unreachable. */
export async function endSession(token: string): Promise<void> {
  await prisma().$transaction((tx) => deleteSessions(tx, Prisma.sql`"Session".id = ${hashToken(token)}`))
}

/** In SQL, of a row of "Session": it has not been used for 30 days. An expired session cannot be used, so it gets there. */
export const isUnused = Prisma.sql`"Session"."usedAt" < now() - make_interval(secs => ${UNUSED_MS / 1000})`

/** In SQL, of a row of "Session": it has expired. */
export const isExpired = Prisma.sql`(
  "Session"."createdAt" < now() - make_interval(secs => ${LONGEST_MS / 1000}) OR ${isUnused})`

async function isAlive(token: string): Promise<boolean> {
  const rows = await prisma().$queryRaw<unknown[]>`
    SELECT FROM "Session" WHERE id = ${hashToken(token)} AND NOT ${isExpired}`
  return rows.length > 0
}

/**
 * Deletes sessions, those first that were not used for longest, and locks their users before: deleting a session updates
 * them.
 * @param which a condition in SQL
 * @param most how many at the most
 * @returns how many it has deleted
 */
export async function deleteSessions(tx: Transaction, which: Prisma.Sql, most = 1): Promise<number> {
  const sessions = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Session" WHERE ${which} ORDER BY "usedAt" LIMIT ${most}`
  const ids = sessions.map(({ id }) => id)
  await tx.$queryRaw`SELECT FROM "User" WHERE "sessionId" = ANY (${ids}) ORDER BY id FOR UPDATE`
  return await tx.$executeRaw`DELETE FROM "Session" WHERE id = ANY (${ids}) AND ${which}`
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
