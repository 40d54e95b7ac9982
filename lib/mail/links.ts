import { env } from '../env'
import { hashMailbox } from '../sending/mailbox'
import { sign } from '../sign'
import type { Message } from './message'

const HOUR_MS = 3600 * 1000
const YEAR_MS = 365 * 24 * HOUR_MS

const LIFETIME_MS = {
  /** Moves the ticket to the browser, once. */
  ticket: HOUR_MS,
  /** Opens the ticket page, and confirms the mailbox. */
  confirm: YEAR_MS,
  'not-me': YEAR_MS,
  /** Erases the account of a mailbox in which "This wasn't me" was pressed. */
  forget: 24 * HOUR_MS,
}
export type LinkPurpose = keyof typeof LIFETIME_MS

/**
 * Returns a link with a placeholder for its token. It follows `#`, which browsers do not send, so no log has it. The placeholder
 * has all that the token depends on, because a worker of another release may send the mail.
 */
export function toLink(path: string, purpose: LinkPurpose): string {
  return `${env('APP_URL')}${path}#\u2028${purpose} ${LIFETIME_MS[purpose]}\u2028`
}

const PLACE = /\u2028([a-z-]+) (\d+)\u2028/g

/**
 * Fills in the tokens when a batch is sent, so the database has none. The same `writtenAt` makes the same bytes. A token has a hash
 * of the mailbox, because "This wasn't me" suppresses the mailbox also when its user is erased.
 */
export function signLinks(message: Message, writtenAt: Date): Message {
  const [{ value: emailId }] = message.tags
  const mailbox = hashMailbox(message.to)
  return replaceTokens(message, (purpose, lifetimeMs) =>
    sign(purpose, `${emailId}.${+writtenAt + lifetimeMs}.${mailbox}`),
  )
}

// orders
/** For exports: only the owner of the mailbox may have the tokens. */
export function omitTokens(message: Message): Message {
  return replaceTokens(message, () => '…')
}

function replaceTokens(
  message: Message,
  toToken: (purpose: LinkPurpose, lifetimeMs: number) => string,
): Message {
  const replace = (text: string): string =>
    text.replace(PLACE, (_, purpose, lifetimeMs) => toToken(purpose, Number(lifetimeMs)))
  return { ...message, html: replace(message.html), text: replace(message.text) }
}
