import { Resend } from 'resend'
import { env } from '../env'
import { classify, type Outcome } from './outcome'

/** A rendered mail, ready to send. It is stored before it is sent. */
export type Message = {
  from: string
  to: string
  subject: string
  html: string
  text: string
  tags: { name: string; value: string }[]
}

const TIMEOUT_MS = 10_000

let resend: Resend | undefined

/**
 * The one place that calls Resend.
 * @param idempotencyKey up to 256 characters; for 24 h Resend accepts one mail a key
 *   (https://resend.com/docs/dashboard/emails/idempotency-keys)
 * @param signal gives up early; after 10 s it gives up anyway. The mail may have been accepted all the same.
 */
export async function sendMessage(
  message: Message,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<Outcome> {
  resend ??= new Resend(env('RESEND_API_KEY'), { baseUrl: env('RESEND_BASE_URL') })
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const response = await resend.emails.send(message, {
    idempotencyKey,
    signal: AbortSignal.any([signal, timeout]),
  })
  return timeout.aborted && !response.data ? { kind: 'retry', reason: 'timeout' } : classify(response)
}
