import { env } from '../env'
import { sign } from '../sign'
import type { Message } from './message'

const HOUR_MS = 3600 * 1000
const YEAR_MS = 365 * 24 * HOUR_MS

/** What a link in a mail permits, and for how long after the mail was written. */
const LIFETIME_MS = {
  /** Opens the ticket in any browser, once. */
  ticket: HOUR_MS,
  /** Leads to a ticket, and shows that somebody reads the mailbox. */
  confirm: YEAR_MS,
  /** "This wasn't me". */
  'not-me': YEAR_MS,
  /** The same from a mail that asked whether it is meant. */
  forget: 24 * HOUR_MS,
}
export type LinkPurpose = keyof typeof LIFETIME_MS

/**
 * A link to one of our pages, with a place for its token. Browsers do not send what follows the `#`: no server, proxy, log
 * or trace sees the token. The page sends it in the body of a POST.
 */
export function toLink(path: string, purpose: LinkPurpose): string {
  return `${env('APP_URL')}${path}#\u2028${purpose}\u2028`
}

/** No name and no address contains this character. */
const PLACE = /\u2028([a-z-]+)\u2028/g

/**
 * Fills in the tokens of the links in a mail. That is done when the mail is sent, so that the database never holds one.
 * @param writtenAt when its batch was written: the same batch always has the same tokens
 */
export function signLinks(message: Message, writtenAt: Date): Message {
  const [{ value: emailId }] = message.tags
  return replaceTokens(message, (purpose) => sign(purpose, `${emailId}.${+writtenAt + LIFETIME_MS[purpose]}`))
}

/** Leaves the tokens out: for everybody else than the reader of the mailbox. */
export function omitTokens(message: Message): Message {
  return replaceTokens(message, () => '…')
}

function replaceTokens(message: Message, toToken: (purpose: LinkPurpose) => string): Message {
  const replace = (text: string): string => text.replace(PLACE, (_, purpose) => toToken(purpose))
  return { ...message, html: replace(message.html), text: replace(message.text) }
}
