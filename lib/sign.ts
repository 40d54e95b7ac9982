import { createHmac, timingSafeEqual } from 'node:crypto'
import { env } from './env'

/** What is made for one purpose is worth nothing for another. */
type Purpose =
  | 'presenter' // stage
  | 'form'
  | 'not-me'
  | 'mailbox'
  | 'limit'
  | 'session'
  | 'cookie'
  | 'ticket'
  | 'forget'
  | 'confirm'
  | 'signup'
  | 'key'

/** A code for a text that only this installation can make: always the same one, fit for a URL. */
export function hmac(purpose: Purpose, text: string): string {
  const secret = env('APP_SECRET') ?? env('RESEND_API_KEY')
  return createHmac('sha256', secret).update(`${purpose}\n${text}`).digest('base64url')
}

/** A text that a stranger may carry, and can't forge. */
export function sign(purpose: Purpose, text: string): string {
  return `${text}.${hmac(purpose, text)}`
}

/** The text that we have signed for this purpose, or undefined when we have not. */
export function readSigned(purpose: Purpose, signed: string): string | undefined {
  const text = signed.slice(0, Math.max(0, signed.lastIndexOf('.')))
  const [given, good] = [signed, sign(purpose, text)].map((value) => Buffer.from(value))
  return given?.length === good?.length && timingSafeEqual(given as Buffer, good as Buffer) ? text : undefined
}
