import { Resend } from 'resend'
import { env } from '../env'
import type { Message } from './message'
import { classify, type Outcome } from './outcome'

const TIMEOUT_MS = 10_000

let resend: Resend | undefined

/**
 * The one place that calls Resend. A bad address is that mail's failure, and not its neighbours' (`permissive`).
 * @param messages 1 to 100 (https://resend.com/docs/api-reference/emails/send-batch-emails)
 * @param idempotencyKey up to 256 characters; for 24 h Resend accepts one batch a key
 *   (https://resend.com/docs/dashboard/emails/idempotency-keys)
 *   After 10 s without an answer, it may have been accepted all the same.
 */
export async function sendBatch(messages: Message[], idempotencyKey: string): Promise<Outcome> {
  resend ??= new Resend(env('RESEND_API_KEY'), { baseUrl: env('RESEND_BASE_URL') })
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const response = await resend.batch.send(messages, {
    idempotencyKey,
    batchValidation: 'permissive',
    signal: timeout,
  })
  if (timeout.aborted && !response.data) return { kind: 'retry', reason: 'timeout' }
  return classify(response, messages.length)
}
