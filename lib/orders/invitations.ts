import { z } from 'zod'
import { FORGOTTEN } from '../account/not-me'
import { prisma, type Transaction } from '../db/prisma'
import { env } from '../env'
import { Problem } from '../http/problem'
import { log } from '../log'
import { count, type Hit } from '../protection/limits'
import { transactionWithQueue } from '../queue'
import { enqueueEmails } from '../sending/enqueue'
import { hashMailbox, toMailbox } from '../sending/mailbox'
import { lockUser } from '../sending/recipients'
import { canonicalAddress } from '../signup/address'
import { type EmailStatus, isFinal, RANK } from '../status/status'

/** `waiting`, `sent` and `failed` add up to `total`. `sent` includes `bounced` and `complained`. */
export type Invitations = {
  limit: number
  total: number
  waiting: number
  sent: number
  failed: number
  bounced: number
  complained: number
  final: boolean
}

type Group = { status: EmailStatus; hasBounced: boolean; mails: number }

const MOST_AT_ONCE = 100

export const invitationsInput = z.strictObject({
  emails: z
    .array(z.string(), { error: 'Enter the addresses of your friends.' })
    .min(1, 'Enter at least one address.')
    .max(MOST_AT_ONCE, `Invite up to ${MOST_AT_ONCE} friends at a time.`)
    .transform((addresses, ctx) => {
      const canonical = addresses.map((address) => {
        const good = canonicalAddress(address)
        if (!good) ctx.addIssue({ code: 'custom', message: `“${address}” is not an address.` })
        return good ?? z.NEVER
      })
      return [...new Set(canonical)]
    }),
})

/** Invites friends. Counts mailboxes that get a mail. @throws {Problem} 429 for a full one, and as `inviteFriends` does */
export async function inviteWithinLimits(userId: string, addresses: string[]): Promise<void> {
  const toHit = (address: string): Hit => ['mailbox', toMailbox(address)]
  const { rejections, refund } = await count(...addresses.map(toHit))
  const rejection = rejections[0]
  if (rejection) {
    const address = addresses.find((address) => toMailbox(address) === rejection.who)
    throw new Problem(429, 'Too many requests', {
      detail: `${address} has been sent enough mail for today. Leave it out.`,
      headers: { 'retry-after': `${rejection.seconds}` },
    })
  }
  let invited: string[] = []
  try {
    invited = await inviteFriends(userId, addresses)
  } finally {
    await refund(addresses.filter((address) => !invited.includes(address)).map(toHit))
  }
}

/**
 * Invites the addresses that were not invited before and have not refused it. @returns these addresses
 * @throws {Problem} 422 over INVITATIONS_PER_USER.
 */
async function inviteFriends(userId: string, addresses: string[]): Promise<string[]> {
  const invitations = await transactionWithQueue(async (tx) => {
    await lockUser(tx, userId)
    const refused = await findRefusals(tx, userId)
    const isWanted = (address: string): boolean => !refused.includes(hashMailbox(address))
    const invitations = await tx.email.createManyAndReturn({
      data: addresses.filter(isWanted).map((recipient) => ({
        userId,
        kind: 'invitation',
        recipient,
        mailbox: hashMailbox(recipient),
      })),
      skipDuplicates: true,
      select: { id: true, kind: true, recipient: true },
    })
    if (invitations.length === 0) return []
    rejectTooMany(await tx.email.count({ where: { userId, kind: 'invitation' } }))
    await tx.emailEvent.createMany({ data: invitations.map(({ id }) => ({ emailId: id, status: 'queued' })) })
    await enqueueEmails(tx, invitations)
    return invitations
  })
  if (invitations.length > 0) log.info({ emailIds: invitations.map(({ id }) => id) }, 'queued')
  return invitations.flatMap(({ recipient }) => recipient ?? [])
}

/** The mailboxes of confirmed users who refused an invitation of this user. No other mail to them is suppressed. */
async function findRefusals(tx: Transaction, userId: string): Promise<(string | null)[]> {
  const refusals = await tx.email.findMany({
    where: { userId, kind: 'invitation', recipient: { startsWith: FORGOTTEN } },
  })
  return refusals.map(({ mailbox }) => mailbox)
}

function rejectTooMany(total: number): void {
  const limit = env('INVITATIONS_PER_USER')
  if (total <= limit) return
  throw new Problem(422, 'Too many friends', {
    errors: { emails: [`You can invite ${limit} friends in all. With these it would be ${total}.`] },
  })
}

/** Counts a user's invitations. Null when INVITATIONS_PER_USER is 0. */
export async function readInvitations(userId: string): Promise<Invitations | null> {
  const limit = env('INVITATIONS_PER_USER')
  if (limit === 0) return null
  const groups = await prisma().$queryRaw<Group[]>`
    SELECT status::text, EXISTS (SELECT FROM "EmailEvent"
        WHERE "emailId" = "Email".id AND status = 'delayed' AND reason IS NOT NULL) AS "hasBounced",
      count(*)::int AS mails
    FROM "Email" WHERE "userId" = ${userId}::uuid AND kind = 'invitation' GROUP BY 1, 2`
  const sum = (matches: (status: EmailStatus, hasBounced: boolean) => boolean): number =>
    groups
      .filter(({ status, hasBounced }) => matches(status, hasBounced))
      .reduce((total, { mails }) => total + mails, 0)

  const hasWebhooks = env('RESEND_WEBHOOK_SECRET') !== undefined
  return {
    limit,
    total: sum(() => true),
    waiting: sum((status) => RANK[status] < RANK.sent),
    sent: sum((status) => RANK[status] >= RANK.sent && status !== 'failed'),
    failed: sum((status) => status === 'failed'),
    bounced: sum((status) => status === 'bounced' || status === 'suppressed'),
    complained: sum((status) => status === 'complained'),
    final: sum((status, hasBounced) => !isFinal(status, hasWebhooks, hasBounced)) === 0,
  }
}
