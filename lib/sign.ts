import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { env } from './env'

/** Domain separation: a signature is valid for one purpose only. */
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

export function hmac(purpose: Purpose, text: string): string {
  const secret = env('APP_SECRET') ?? env('RESEND_API_KEY')
  return createHmac('sha256', secret).update(`${purpose}\n${text}`).digest('base64url')
}

/** Appends a signature. The text stays readable. */
export function sign(purpose: Purpose, text: string): string {
  return `${text}.${hmac(purpose, text)}`
}

export function readSigned(purpose: Purpose, signed: string): string | undefined {
  const text = signed.slice(0, Math.max(0, signed.lastIndexOf('.')))
  return isSameSecret(signed, sign(purpose, text)) ? text : undefined
}

/** Hashes have the same length, so the time of the comparison reveals nothing. */
export function isSameSecret(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
