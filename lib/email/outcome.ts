import type { CreateEmailResponse } from 'resend'
import { env } from '../env'

/** What became of one attempt to send. `reason` is a code for the timeline. */
export type Outcome = { kind: 'accepted'; providerId: string } | ({ reason: string } & Verdict)

type Verdict =
  /** Try again with the same idempotency key, after a growing delay. */
  | { kind: 'retry' }
  /** Try again, but not before the time that Resend asks for, or this one. That was no failed attempt. */
  | { kind: 'wait'; seconds: number }
  /** Only we can mend it, and no user's mail is given up for that: it waits, and the log shouts. */
  | { kind: 'operator'; seconds: number }
  /** This mail will never be accepted. */
  | { kind: 'permanent' }
  /** Another payload went out under our key, so an earlier attempt was probably accepted: a person decides. */
  | { kind: 'unknown' }

const DAY = 24 * 3600
const retry: Verdict = { kind: 'retry' }
const operator: Verdict = { kind: 'operator', seconds: 300 }
const permanent: Verdict = { kind: 'permanent' }
const unknown: Verdict = { kind: 'unknown' }

/** By the error's name, or by name and status where a name has two meanings. https://resend.com/docs/api-reference/errors */
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

  validation_error: permanent,
  missing_required_field: permanent,
  invalid_parameter: permanent,
  invalid_idempotency_key: permanent,
  security_error: permanent,

  invalid_idempotent_request: unknown,
}

/** Sorts everything that the Resend SDK may answer. It never throws; success means that there is an id. */
export function classify({ data, error, headers }: CreateEmailResponse): Outcome {
  if (data?.id && typeof data.id === 'string') return { kind: 'accepted', providerId: data.id }
  const { name, statusCode } = error ?? {}
  // 200 with nonsense, or an error without a proper name, comes from something in between.
  const reason = typeof name === 'string' && /^\w{1,40}$/.test(name) ? name : 'unreadable_answer'
  // What Resend may invent tomorrow is worth another try.
  const verdict = findVerdict(`${reason} ${statusCode}`) ?? findVerdict(reason) ?? retry
  if (verdict.kind !== 'wait') return { reason, ...verdict }
  const retryAfter = Number(headers?.['retry-after'])
  return { reason, ...verdict, seconds: retryAfter > 0 ? Math.min(retryAfter, DAY) : verdict.seconds }
}

/** The row of the table, if there is one. The code is somebody else's word, "constructor" for example. */
export function findVerdict(code: string): Verdict | undefined {
  return Object.hasOwn(VERDICTS, code) ? VERDICTS[code] : undefined
}

/** With the delays below and a limit of 5 min between two attempts: about four hours. */
export const MAX_FAILURES = 60

/** How long to wait after the nth failure: 2 s, 4 s, 8 s … up to a limit, and a little less by chance. In ms. */
export function retryDelay(failures: number): number {
  const seconds = Math.min(2 ** failures, env('RETRY_MAX_SECONDS'))
  return seconds * 1000 * (0.75 + Math.random() / 4)
}
