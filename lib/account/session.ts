import { createHash, randomBytes } from 'node:crypto'
import { prisma, type Transaction } from '../db/prisma'
import { env } from '../env'
import { Prisma } from '../generated/prisma/client'
import { hmac, readSigned, sign } from '../sign'

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

const cookieName = (): string => (isSecure() ? '__Host-session' : 'session')

/** The `Set-Cookie` of a session; without a token, the one that ends it. No script and no other site gets to see it. */
export function toSessionCookie(token = ''): string {
  const maxAge = token ? LONGEST_MS / 1000 : 0
  const secure = isSecure() ? '; Secure' : ''
  // Signed, so that a made-up one costs no statement.
  const value = token && sign('cookie', token)
  return `${cookieName()}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/** Returns the token of the session that a browser sends, if we have made it. The session may have ended. */
export function readToken({ headers }: { headers: Pick<Headers, 'get'> }): string | undefined {
  const cookies = headers.get('cookie') ?? ''
  const value = new RegExp(`(?:^|;\\s*)${cookieName()}=([^;]*)`).exec(cookies)?.[1]
  return value && readSigned('cookie', value)
}

/**
 * Gives a ticket to the session of a browser, or to a new one if that session is not alive. The browser that held the
 * ticket before loses it.
 * @param tx a transaction that has created or locked the user
 * @param sent the token that the browser sent
 * @param key the Idempotency-Key of the signup: `findGrant` finds a session that was made with it
 * @returns the token for the browser
 * @throws when the database is unreachable.
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
 * The token of the session that a signup made, for a replay whose first answer was lost. A replay grants nothing new: the
 * user must still hold exactly this session. Sign-out, another browser, a corrected address, an erasure and 24 hours end
 * that.
 * @throws when the database is unreachable.
 */
export async function findGrant(userId: string, key: string): Promise<string | undefined> {
  const token = deriveToken(userId, key)
  const rows = await prisma().$queryRaw<unknown[]>`
    SELECT FROM "User" JOIN "Session" ON "Session".id = "sessionId" AND NOT ${isExpired}
    WHERE "User".id = ${userId}::uuid AND "sessionId" = ${hashToken(token)} AND erasure IS NULL
      AND "User"."createdAt" > now() - interval '24 hours'
      -- A corrected address has a welcome of its own.
      AND (SELECT count(*) FROM "Email" WHERE "userId" = "User".id AND kind = 'welcome') = 1`
  return rows.length > 0 ? token : undefined
}

// With the user's id, a key that is used again for another signup never leads to the session of the first.
const deriveToken = (userId: string, key: string): string => hmac('session', `${userId} ${key}`)

/** Ends a session: the tickets that the browser holds become those of a stranger. @throws when the database is unreachable. */
export async function endSession(token: string): Promise<void> {
  await prisma().$transaction((tx) => deleteSessions(tx, Prisma.sql`"Session".id = ${hashToken(token)}`))
}

/** In SQL, of a row of "Session": it has not been used for 30 days. An expired session cannot be used, so it gets there. */
export const isUnused = Prisma.sql`"Session"."usedAt" < now() - make_interval(secs => ${UNUSED_MS / 1000})`

/** In SQL, of a row of "Session": it has expired. */
export const isExpired = Prisma.sql`(
  "Session"."createdAt" < now() - make_interval(secs => ${LONGEST_MS / 1000}) OR ${isUnused})`

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
