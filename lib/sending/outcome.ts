import type { CreateBatchResponse, ErrorResponse } from 'resend'
import { z } from 'zod'
import { env } from '../env'
import { readRetryAfter } from './retry-after'

/** The outcome of an attempt. `reason` is a code for the timeline. */
export type Outcome = {
  /** The account's limit of requests a second, if the response states it. */
  perSecond?: number
} & ({ kind: 'accepted'; mails: Result[] } | ({ reason: string } & Verdict))

type Result = { status: 'sent'; providerId: string } | { status: 'failed'; reason: string }

/** The meaning of an error code. `seconds`: how long all workers pause. */
type Verdict =
  /** Perhaps accepted. Retry with the same idempotency key, with backoff. */
  | { kind: 'retry'; seconds?: number }
  /** Not accepted. Retry after the time that Resend asks for, or after `seconds`. */
  | { kind: 'wait'; seconds: number }
  /** Not accepted until an operator fixes the account or the settings. All mail waits, and none is given up. */
  | { kind: 'operator'; seconds: number }
  /** Will never be accepted. */
  | { kind: 'permanent'; seconds?: number }
  /** Resend knows our key with another payload, so it probably accepted an earlier attempt. An operator decides. */
  | { kind: 'key_conflict'; seconds?: number }

export type BatchResponse = CreateBatchResponse<{ batchValidation: 'permissive' }>

const retry: Verdict = { kind: 'retry' }
const operator: Verdict = { kind: 'operator', seconds: 300 }
const permanent: Verdict = { kind: 'permanent' }
const keyConflict: Verdict = { kind: 'key_conflict' }
const rateLimited: Verdict = { kind: 'wait', seconds: 1 }

/** By name, or name and status. The compiler requires each name of the SDK: https://resend.com/docs/api-reference/errors */
export const VERDICTS: Record<string, Verdict> = {
  application_error: retry,
  internal_server_error: retry,
  service_unavailable: retry,
  concurrent_idempotent_requests: retry,
  resource_locked: retry,

  rate_limit_exceeded: rateLimited,
  daily_quota_exceeded: { kind: 'wait', seconds: 3600 },
  monthly_quota_exceeded: { kind: 'wait', seconds: 3600 },

  missing_api_key: operator,
  restricted_api_key: operator,
  invalid_api_key: operator,
  suspended_api_key: operator,
  invalid_permission: operator,
  invalid_from_address: operator,
  'validation_error 401': operator,
  'validation_error 403': operator,
  // Errors of other endpoints: RESEND_BASE_URL is wrong.
  not_found: operator,
  method_not_allowed: operator,
  invalid_access: operator,
  invalid_region: operator,
  // Our own code: a proxy has rejected the request. See `isRejectedByProxy`.
  rejected_by_proxy: operator,

  validation_error: permanent,
  missing_required_field: permanent,
  invalid_parameter: permanent,
  invalid_attachment: permanent,
  invalid_idempotency_key: permanent,
  security_error: permanent,

  invalid_idempotent_request: keyConflict,
} satisfies Record<string, Verdict> & Record<ErrorResponse['name'], Verdict>

/** For unknown codes. Any other status is retried, because Resend may have accepted the request. */
const BY_STATUS: Record<string, Verdict> = { 401: operator, 402: operator, 403: operator, 429: rateLimited }

/** Our own code: no answer in time. */
export const TIMEOUT = 'timeout'

/** Our own code: the attempt was held back, so Resend has not seen it. */
export const HOURLY_LIMIT_REACHED = 'hourly_cap'

const answerSchema = z.object({
  data: z.array(z.object({ id: z.string().regex(/^[!-~]{1,200}$/) })),
  errors: z.array(z.object({ index: z.int().min(0) })).default([]),
})

/** Classifies any response of the Resend SDK to a batch of `count` mails. Never throws. */
export function classify({ data, error, headers }: BatchResponse, count: number): Outcome {
  const perSecond = Number.parseFloat(headers?.['ratelimit-limit'] ?? '') || undefined
  const mails = readMails(data, count)
  if (mails) return { kind: 'accepted', mails, perSecond }
  const reason = findReason(error)
  const { statusCode } = error ?? {}
  const verdict =
    findVerdict(`${reason} ${statusCode}`) ?? findVerdict(reason) ?? BY_STATUS[`${statusCode}`] ?? retry
  return { reason, ...extendPause(verdict, headers), perSecond }
}

function findReason(error: BatchResponse['error']): string {
  const { name, statusCode } = error ?? {}
  const isReadable = typeof name === 'string' && /^\w{1,40}$/.test(name)
  if (isRejectedByProxy(isReadable ? name : undefined, statusCode))
    return statusCode === 429 ? 'rate_limit_exceeded' : 'rejected_by_proxy'
  return isReadable ? name : 'unreadable_answer'
}

// Resend's own errors have a name. A 4xx without one comes from a proxy, so Resend has not seen the request. A 408 or 5xx may come
// after Resend has seen it. For a body that is not JSON, resend.ts sets the name to `application_error`. Resend itself uses that
// name only with a 500.
function isRejectedByProxy(name: string | undefined, statusCode: number | null = null): boolean {
  if (name !== undefined && name !== 'application_error') return false
  return statusCode !== null && statusCode >= 400 && statusCode < 500 && statusCode !== 408
}

function extendPause(verdict: Verdict, headers: BatchResponse['headers']): Verdict {
  const { asked, reset } = readRetryAfter(headers)
  // `reset` is about requests a second, so it must not shorten the wait for a daily quota.
  if (verdict.kind === 'wait') return { ...verdict, seconds: asked || Math.max(verdict.seconds, reset) }
  return asked > 0 ? { ...verdict, seconds: Math.max(asked, verdict.seconds ?? 0) } : verdict
}

// Resend returns the ids of the accepted mails, in order, and the indexes of the rejected ones.
function readMails(data: unknown, count: number): Result[] | undefined {
  const answer = answerSchema.safeParse(data)
  if (!answer.success) return
  const ids = answer.data.data.map(({ id }) => id)
  const rejected = new Set(answer.data.errors.map(({ index }) => index))
  if (new Set(ids).size + rejected.size !== count || [...rejected].some((index) => index >= count)) return
  return Array.from({ length: count }, (_, index) => {
    if (rejected.has(index)) return { status: 'failed', reason: 'validation_error' }
    return { status: 'sent', providerId: ids.shift() ?? '' }
  })
}

/** Codes come from outside, and every object has a "constructor". */
export function findVerdict(code: string): Verdict | undefined {
  return Object.hasOwn(VERDICTS, code) ? VERDICTS[code] : undefined
}

/** About four hours, with the backoff below and at most 5 min between two attempts. */
export const MAX_ATTEMPTS = 60

/** Returns the delay after the nth failure, in ms: 2 s, 4 s, 8 s … up to RETRY_MAX_SECONDS, minus jitter. */
export function backoff(failures: number): number {
  const seconds = Math.min(2 ** failures, env('RETRY_MAX_SECONDS'))
  return seconds * 1000 * (0.75 + Math.random() / 4)
}
