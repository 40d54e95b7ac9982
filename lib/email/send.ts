import { type Span, SpanKind } from '@opentelemetry/api'
import { Resend } from 'resend'
import { env } from '../env'
import { fail, traced } from '../telemetry'
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
export function sendBatch(messages: Message[], idempotencyKey: string): Promise<Outcome> {
  // https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
  const attributes = {
    'messaging.system': 'resend',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'emails/batch',
    'messaging.batch.message_count': messages.length,
  }
  const options = { kind: SpanKind.CLIENT, attributes }
  return traced('send emails/batch', (span) => callResend(messages, idempotencyKey, span), options)
}

async function callResend(messages: Message[], idempotencyKey: string, span: Span): Promise<Outcome> {
  resend ??= new Resend(env('RESEND_API_KEY'), { baseUrl: env('RESEND_BASE_URL') })
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const response = await resend.batch.send(messages, {
    idempotencyKey,
    batchValidation: 'permissive',
    signal: timeout,
  })
  const outcome: Outcome =
    timeout.aborted && !response.data
      ? { kind: 'retry', reason: 'timeout' }
      : classify(response, messages.length)
  if (outcome.kind !== 'accepted') fail(span, outcome.reason)
  return outcome
}
