import type { CreateBatchResponse, ErrorResponse } from 'resend'
import { z } from 'zod'
import { env } from '../env'
import { readRetryAfter } from './retry-after'

/** What became of one attempt to send a batch. `reason` is a code for the timeline. */
export type Outcome = {
  /** Resend's limit of requests a second, when it tells. */
  perSecond?: number
} & ({ kind: 'accepted'; mails: Result[] } | ({ reason: string } & Verdict))

/** What became of one mail of an accepted batch. */
type Result = { status: 'sent'; providerId: string } | { status: 'failed'; reason: string }

/** `seconds` is how long all workers pause. */
type Verdict =
  /** Nobody knows whether it was accepted. Try again with the same idempotency key, after a growing delay. */
  | { kind: 'retry'; seconds?: number }
  /** Not accepted. Nobody tries again before the time that Resend asks for, or this one. */
  | { kind: 'wait'; seconds: number }
  /** Not accepted, and only we can mend it. No user's mail is given up for that: all wait, and the log shouts. */
  | { kind: 'operator'; seconds: number }
  /** This will never be accepted. */
  | { kind: 'permanent'; seconds?: number }
  /** Another payload went out under our key, so an earlier attempt was probably accepted: a person decides. */
  | { kind: 'unknown'; seconds?: number }

type BatchResponse = CreateBatchResponse<{ batchValidation: 'permissive' }>

const retry: Verdict = { kind: 'retry' }
const operator: Verdict = { kind: 'operator', seconds: 300 }
const permanent: Verdict = { kind: 'permanent' }
const unknown: Verdict = { kind: 'unknown' }

/**
 * By the error's name, or by name and status where a name has two meanings. The compiler requires a row for each name
 * that the SDK knows. https://resend.com/docs/api-reference/errors
 */
export const VERDICTS: Record<string, Verdict> = {
  application_error: retry,
  internal_server_error: retry,
  service_unavailable: retry,
  concurrent_idempotent_requests: retry,
  resource_locked: retry,

  rate_limit_exceeded: { kind: 'wait', seconds: 1 },
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
  // This app never makes such requests, so RESEND_BASE_URL must be wrong.
  not_found: operator,
  method_not_allowed: operator,
  invalid_access: operator,
  invalid_region: operator,
  // Not a code of Resend: see `isRefusedOnTheWay`.
  refused_on_the_way: operator,

  validation_error: permanent,
  missing_required_field: permanent,
  invalid_parameter: permanent,
  invalid_attachment: permanent,
  invalid_idempotency_key: permanent,
  security_error: permanent,

  invalid_idempotent_request: unknown,
} satisfies Record<string, Verdict> & Record<ErrorResponse['name'], Verdict>

const answerSchema = z.object({
  data: z.array(z.object({ id: z.string().min(1) })),
  errors: z.array(z.object({ index: z.int().min(0) })).default([]),
})

/** Sorts everything that the Resend SDK may answer to a batch of so many mails. It never throws. */
export function classify({ data, error, headers }: BatchResponse, count: number): Outcome {
  const perSecond = Number.parseFloat(headers?.['ratelimit-limit'] ?? '') || undefined
  const mails = readMails(data, count)
  if (mails) return { kind: 'accepted', mails, perSecond }
  const reason = findReason(error)
  // An unknown code is retried. A 429 was not accepted, whatever its code.
  const verdict =
    findVerdict(`${reason} ${error?.statusCode}`) ??
    findVerdict(reason) ??
    findVerdict(error?.statusCode === 429 ? 'rate_limit_exceeded' : '') ??
    retry
  return { reason, ...obey(verdict, headers), perSecond }
}

function findReason(error: BatchResponse['error']): string {
  const { name, statusCode } = error ?? {}
  const isReadable = typeof name === 'string' && /^\w{1,40}$/.test(name)
  if (isRefusedOnTheWay(isReadable ? name : undefined, statusCode))
    return statusCode === 429 ? 'rate_limit_exceeded' : 'refused_on_the_way'
  // 200 with nonsense, or an error without a proper name, comes from something in between.
  return isReadable ? name : 'unreadable_answer'
}

/**
 * Returns true when a proxy, firewall or load balancer in front of Resend has certainly refused the request.
 * - A 4xx without a Resend error in its body never reached Resend, so it uses up no attempt. No mail is given up for it,
 *   not even for a 413: waiting for an operator is better than losing a user's mail.
 * - A 408 or a 5xx may come after the proxy has passed the request on. Resend may have accepted it.
 * - A 407 never gets here. `fetch` turns it into a network error, which counts as a lost answer.
 * @param name "application_error" is the SDK's name for a body that is not JSON. Resend itself uses it with status 500
 */
function isRefusedOnTheWay(name: string | undefined, statusCode: number | null = null): boolean {
  if (name !== undefined && name !== 'application_error') return false
  return statusCode !== null && statusCode >= 400 && statusCode < 500 && statusCode !== 408
}

/** Extends the pause to the time that the refusal asks for. */
function obey(verdict: Verdict, headers: BatchResponse['headers']): Verdict {
  const { asked, reset } = readRetryAfter(headers)
  // `reset` is about the requests a second. It must not shorten the wait for a daily quota.
  if (verdict.kind === 'wait') return { ...verdict, seconds: asked || Math.max(verdict.seconds, reset) }
  return asked > 0 ? { ...verdict, seconds: Math.max(asked, verdict.seconds ?? 0) } : verdict
}

// Success means a result for each mail. The ids are those of the accepted ones: what was refused says whose they are.
function readMails(data: unknown, count: number): Result[] | undefined {
  const answer = answerSchema.safeParse(data)
  if (!answer.success) return
  const ids = answer.data.data.map(({ id }) => id)
  const refused = new Set(answer.data.errors.map(({ index }) => index))
  if (ids.length + refused.size !== count || Math.max(-1, ...refused) >= count) return
  return Array.from({ length: count }, (_, index) => {
    if (refused.has(index)) return { status: 'failed', reason: 'validation_error' }
    return { status: 'sent', providerId: ids.shift() ?? '' }
  })
}

/** The row of the table, if there is one. The code is somebody else's word, "constructor" for example. */
export function findVerdict(code: string): Verdict | undefined {
  return Object.hasOwn(VERDICTS, code) ? VERDICTS[code] : undefined
}

/** How often a batch is sent. With the delays below and a limit of 5 min between two: for about four hours. */
export const MAX_ATTEMPTS = 60

/** How long to wait after the nth failure: 2 s, 4 s, 8 s … up to a limit, and a little less by chance. In ms. */
export function backoff(failures: number): number {
  const seconds = Math.min(2 ** failures, env('RETRY_MAX_SECONDS'))
  return seconds * 1000 * (0.75 + Math.random() / 4)
}
