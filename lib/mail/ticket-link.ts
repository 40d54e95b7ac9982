import { databaseNow } from '../db/clock'
import { env } from '../env'
import { readSigned, sign } from '../sign'
import type { EmailKind } from './templates'

/** So long the link works that opens a ticket in whatever browser, from when its mail was written. */
const LIFETIME_MS = 3600 * 1000

/** Where the reader of a mail finds their ticket. Whoever has lost it gets a link that signs them in. */
export async function toTicketLink(emailId: string, kind: EmailKind): Promise<string> {
  if (kind !== 'ticket') return `${env('APP_URL')}/tickets/${emailId}`
  return `${env('APP_URL')}/lost/${sign('ticket', `${emailId}.${Math.floor(await databaseNow()) + LIFETIME_MS}`)}`
}

/** The mail in which somebody has found this link, and whether its hour is over; undefined when we did not make it. */
export async function readTicketLink(
  link: string,
): Promise<{ emailId: string; isOver: boolean } | undefined> {
  const [emailId, endsAt] = readSigned('ticket', link)?.split('.') ?? []
  return emailId ? { emailId, isOver: (await databaseNow()) > Number(endsAt) } : undefined
}
