import { createHash, randomBytes } from 'node:crypto'
import { prisma, type Transaction } from '../db/prisma'
import { env } from '../env'
import { Prisma } from '../generated/prisma/client'
import { readCookie } from '../http/cookie'
import { hmac, readSigned, sign } from '../sign'

const DAY_MS = 24 * 3600 * 1000
const LONGEST_MS = 365 * DAY_MS
const UNUSED_MS = 30 * DAY_MS

// Browsers let only this host set a cookie with `__Host-`, and only over HTTPS.
const isSecure = (): boolean => env('APP_URL').startsWith('https:')

const cookieName = (): string => (isSecure() ? '__Host-session' : 'session')

export function toSessionCookie(token = ''): string {
  const maxAge = token ? LONGEST_MS / 1000 : 0
  const secure = isSecure() ? '; Secure' : ''
  // Signed, so that a forged cookie costs no query.
  const value = token && sign('cookie', token)
  return `${cookieName()}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/** Verifies the signature only: the session may have expired. */
export function readToken({ headers }: { headers: Pick<Headers, 'get'> }): string | undefined {
  const value = readCookie(headers, cookieName())
  return value && readSigned('cookie', value)
}

/**
 * Adds a user to the session of the token `sent`, or to a new one. `tx` has created or locked the user.
 * @param key the Idempotency-Key, from which `findSignupToken` derives the new token again
 * @returns the token for the cookie.
 */
export async function signIn(
  tx: Transaction,
  userId: string,
  sent: string | undefined,
  key?: string,
): Promise<string> {
  const made = key ? deriveToken(userId, key) : randomBytes(32).toString('base64url')
  const [user] = await tx.$queryRaw<{ sessionId: string }[]>`
    WITH known AS (
      UPDATE "Session" SET "usedAt" = now() WHERE id = ${sent ? hashToken(sent) : null} AND NOT ${isExpired} RETURNING id
    ), made AS (
      INSERT INTO "Session" (id) SELECT ${hashToken(made)} WHERE NOT EXISTS (SELECT FROM known) RETURNING id
    )
    UPDATE "User" SET "sessionId" = session.id FROM (TABLE known UNION ALL TABLE made) AS session
    WHERE "User".id = ${userId}::uuid RETURNING "sessionId"`
  return sent && user?.sessionId === hashToken(sent) ? sent : made
}

/**
 * Returns the token of a signup again, for a replay whose first answer was lost. Returns undefined after a sign-out, a move to
 * another browser, a corrected address, an erasure, or 24 hours.
 */
export async function findSignupToken(userId: string, key: string): Promise<string | undefined> {
  const token = deriveToken(userId, key)
  const rows = await prisma().$queryRaw<unknown[]>`
    SELECT FROM "User" JOIN "Session" ON "Session".id = "sessionId" AND NOT ${isExpired}
    WHERE "User".id = ${userId}::uuid AND "sessionId" = ${hashToken(token)} AND erasure IS NULL
      AND "User"."createdAt" > now() - interval '24 hours'
      -- A corrected address has a second welcome mail.
      AND (SELECT count(*) FROM "Email" WHERE "userId" = "User".id AND kind = 'welcome') = 1`
  return rows.length > 0 ? token : undefined
}

// With the user's id, because a client may use the key of an erased signup again.
const deriveToken = (userId: string, key: string): string => hmac('session', `${userId} ${key}`)

/** Deletes the session of this token. Its users stay. */
export async function endSession(token: string): Promise<void> {
  await prisma().$transaction((tx) => deleteSessions(tx, Prisma.sql`"Session".id = ${hashToken(token)}`))
}

/** SQL: not used for 30 days. This includes each session older than a year and 30 days, because it expired after a year. */
export const isUnused = Prisma.sql`"Session"."usedAt" < now() - make_interval(secs => ${UNUSED_MS / 1000})`

export const isExpired = Prisma.sql`(
  "Session"."createdAt" < now() - make_interval(secs => ${LONGEST_MS / 1000}) OR ${isUnused})`

/** Deletes up to `most` sessions. Locks their users first, because the foreign key updates them. */
export async function deleteSessions(tx: Transaction, which: Prisma.Sql, most = 1): Promise<number> {
  const sessions = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM "Session" WHERE ${which} ORDER BY "usedAt" LIMIT ${most}`
  const ids = sessions.map(({ id }) => id)
  await tx.$queryRaw`SELECT FROM "User" WHERE "sessionId" = ANY (${ids}) ORDER BY id FOR NO KEY UPDATE`
  return await tx.$executeRaw`DELETE FROM "Session" WHERE id = ANY (${ids}) AND ${which}`
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
