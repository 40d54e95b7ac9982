import { createHmac, timingSafeEqual } from 'node:crypto'
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
  const [given, good] = [signed, sign(purpose, text)].map((value) => Buffer.from(value))
  return given?.length === good?.length && timingSafeEqual(given as Buffer, good as Buffer) ? text : undefined
}
