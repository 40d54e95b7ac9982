import { z } from 'zod'
import { databaseNow } from '../db/clock'
import { readInput } from '../http/input'
import { notFound, Problem } from '../http/problem'
import type { LinkPurpose } from '../mail/links'
import { readSigned } from '../sign'

const linkInput = z.strictObject({ link: z.string({ error: 'Send the part of the link after the #.' }) })

/** `mailbox`: see `hashMailbox`. Tokens of earlier versions have none. */
export type Link = { emailId: string; mailbox?: string }

/**
 * Reads a link's token from the body.
 * @throws {Problem} 404 without a valid signature, 410 when the link has expired, and what `readInput` throws
 */
export async function readLink<Purpose extends LinkPurpose>(
  request: Request,
  ...purposes: Purpose[]
): Promise<Link & { purpose: Purpose }> {
  const { link } = await readInput(request, linkInput, 1_024)
  for (const purpose of purposes) {
    const [emailId, endsAt, mailbox] = readSigned(purpose, link)?.split('.') ?? []
    if (!emailId) continue
    if ((await databaseNow()) > Number(endsAt)) throw linkExpired()
    return { emailId, mailbox, purpose }
  }
  throw notFound()
}

export const linkExpired = (): Problem => new Problem(410, 'This link has expired')
