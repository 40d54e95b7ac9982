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

/** `seconds`: for so long nobody asks again. */
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
 * By the error's name, or by name and status where a name has two meanings. The compiler wants a row for each that the SDK
 * knows. https://resend.com/docs/api-reference/errors
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
  // Answers to requests that we never make: RESEND_BASE_URL leads somewhere else.
  not_found: operator,
  method_not_allowed: operator,
  invalid_access: operator,
  invalid_region: operator,
  // Ours: see `isRefusedOnTheWay`.
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
  // What Resend may invent tomorrow is worth another try, and a 429 is one in any case.
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
 * Whether something in front of Resend (a proxy, a firewall, a load balancer) has refused the request for certain: a 4xx
 * that is no error of Resend's. So Resend never got it: no attempt of any mail is used up. And no mail is to blame, not
 * even for a 413, since to give up a user's mail would be worse than to wait for a person. The exceptions: 408 and all
 * 5xx may come after the request was passed on, so it may have been accepted. (`fetch` hides a 407: a lost answer.)
 * @param name "application_error" is the SDK's own name for what is not JSON. Resend's has the status 500
 */
function isRefusedOnTheWay(name: string | undefined, statusCode: number | null = null): boolean {
  if (name !== undefined && name !== 'application_error') return false
  return statusCode !== null && statusCode >= 400 && statusCode < 500 && statusCode !== 408
}

/** What a refusal says about time is obeyed, whatever it is about. */
function obey(verdict: Verdict, headers: BatchResponse['headers']): Verdict {
  const { asked, reset } = readRetryAfter(headers)
  // `reset` is about the limit of requests a second, and says nothing about a quota of the day.
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
