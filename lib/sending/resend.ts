import { type Span, SpanKind } from '@opentelemetry/api'
import { type CreateEmailRequestOptions, Resend, type Response } from 'resend'
import { env } from '../env'
import { untilAborted } from '../http/until-aborted'
import { log } from '../log'
import { signLinks } from '../mail/links'
import type { Message } from '../mail/message'
import { fail, traced } from '../telemetry'
import type { Batch } from './batch'
import { type BatchResponse, classify, type Outcome, TIMEOUT } from './outcome'

const TIMEOUT_MS = 10_000

/** Always ends when its time is over, and keeps the HTTP status, which the SDK drops when a proxy answers with JSON. */
class Client extends Resend {
  override async fetchRequest<Data>(path: string, options?: RequestInit): Promise<Response<Data>> {
    try {
      const answer = ask<Data>(this.baseUrl + path, options)
      return await (options?.signal ? untilAborted(options.signal, answer) : answer)
    } catch {
      const error = { name: 'application_error', statusCode: null, message: '' } as const
      return { data: null, error, headers: null }
    }
  }
}

async function ask<Data>(url: string, options?: RequestInit): Promise<Response<Data>> {
  const response = await fetch(url, options)
  const headers = Object.fromEntries(response.headers)
  if (response.ok) return { data: await response.json(), error: null, headers }
  const error = await response.json().catch(() => ({ name: 'application_error' }))
  return { data: null, error: { ...error, statusCode: response.status }, headers }
}

let resend: Client | undefined

/**
 * Sends 1 to 100 messages, or one with attachments. `permissive`: a bad address fails that mail only. Resend accepts an
 * idempotency key once in 24 h: https://resend.com/docs/dashboard/emails/idempotency-keys. After a timeout, it may have accepted
 * the batch.
 */
export function sendBatch(batch: Sendable): Promise<Outcome> {
  // https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
  const attributes = {
    'messaging.system': 'resend',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'emails/batch',
    'messaging.batch.message_count': batch.messages.length,
  }
  const options = { kind: SpanKind.CLIENT, attributes }
  return traced('send emails/batch', (span) => callResend(batch, span), options)
}

type Sendable = Pick<Batch, 'id' | 'messages' | 'createdAt'>

async function callResend({ id, messages, createdAt }: Sendable, span: Span): Promise<Outcome> {
  resend ??= new Client(env('RESEND_API_KEY'), { baseUrl: env('RESEND_BASE_URL') })
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signed = messages.map((message) => signLinks(message, createdAt))
  const options = { idempotencyKey: id, signal: timeout }
  const [first] = signed
  const response = first?.attachments
    ? await sendOne(resend, first, options)
    : await resend.batch.send(signed, { ...options, batchValidation: 'permissive' })
  const outcome: Outcome =
    timeout.aborted && !response.data
      ? { kind: 'retry', reason: TIMEOUT }
      : classify(response, messages.length)
  if (outcome.kind !== 'accepted') fail(span, outcome.reason)
  if (outcome.kind === 'operator') {
    const { statusCode, message } = response.error ?? {}
    const details =
      quote(message) || `HTTP ${statusCode}: look at RESEND_BASE_URL and at the proxies on the way.`
    log.error(`NO MAIL GOES OUT: ${outcome.reason}. ${details}`)
  }
  return outcome
}

/** Sends a mail with attachments. Returns the answer in the form of the batch call, which takes none. */
async function sendOne(
  client: Client,
  message: Message,
  options: CreateEmailRequestOptions,
): Promise<BatchResponse> {
  const response = await client.emails.send(message, options)
  return { ...response, data: response.data && { data: [response.data], errors: [] } } as BatchResponse
}

/** Also quoted local parts, which `scrub` in log.ts lets through. */
const ADDRESS = /("[^"]*"|[^\s()<>",;:]*)@(\[[^\]]*\]|[^\s()<>"',;:]*[^\s()<>"',;:.!?])?/g

function quote(message: unknown): string {
  if (typeof message !== 'string') return ''
  return message.replace(/\s+/g, ' ').trim().replace(ADDRESS, '<address>').slice(0, 300)
}
