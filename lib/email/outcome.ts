import type { CreateEmailResponse } from 'resend'

/** What became of one attempt to send. `reason` is a code for the timeline. */
export type Outcome =
  /** Resend has the mail. */
  | { kind: 'accepted'; providerId: string }
  /** Try again, with the same idempotency key, after a growing delay. */
  | { kind: 'retry'; reason: string }
  /** Resend asks us to wait. That is no failed attempt. */
  | { kind: 'wait'; reason: string; seconds: number }
  /** Trying again cannot help this mail. */
  | { kind: 'permanent'; reason: string }

type Rule = { kind: 'retry' | 'permanent' } | { kind: 'wait'; seconds: number }

const HOUR = 3600
const RETRY: Rule = { kind: 'retry' }
const PERMANENT: Rule = { kind: 'permanent' }
/** The operator must act (a key, a domain, a plan). No user's mail is given up for that: it waits. */
const OPERATOR: Rule = { kind: 'wait', seconds: 60 }

/** By Resend's error name, and by status where a name means two things. https://resend.com/docs/api-reference/errors */
const RULES: Record<string, Rule> = {
  rate_limit_exceeded: { kind: 'wait', seconds: 1 },
  daily_quota_exceeded: { kind: 'wait', seconds: HOUR },
  monthly_quota_exceeded: { kind: 'wait', seconds: HOUR },

  missing_api_key: OPERATOR,
  restricted_api_key: OPERATOR,
  invalid_api_key: OPERATOR,
  suspended_api_key: OPERATOR,
  invalid_permission: OPERATOR,
  'validation_error 401': OPERATOR,
  'validation_error 403': OPERATOR,

  validation_error: PERMANENT,
  invalid_from_address: PERMANENT,
  missing_required_field: PERMANENT,
  invalid_parameter: PERMANENT,
  invalid_idempotency_key: PERMANENT,
  security_error: PERMANENT,
  // Another payload went out under our key: an earlier attempt was probably accepted. Never send it under a new key.
  invalid_idempotent_request: PERMANENT,
}

/** Everything that the Resend SDK may answer, sorted. It never throws; success means that there is an id. */
export function classify({ data, error, headers }: CreateEmailResponse): Outcome {
  if (data?.id) return { kind: 'accepted', providerId: data.id }
  if (!error) return { kind: 'retry', reason: 'unreadable_answer' }
  // Timeouts, resets, 5xx and whatever Resend may invent tomorrow are worth another try.
  const rule = RULES[`${error.name} ${error.statusCode}`] ?? RULES[error.name] ?? RETRY
  const reason = error.name ?? 'provider_error'
  if (rule.kind !== 'wait') return { kind: rule.kind, reason }
  return { kind: 'wait', reason, seconds: Number(headers?.['retry-after']) || rule.seconds }
}

/** How long to wait after the nth failed attempt: 2 s, 4 s, 8 s … at most 5 min, a little less by chance. In ms. */
export function retryDelay(attempt: number): number {
  const seconds = Math.min(2 ** attempt, 300)
  return seconds * 1000 * (0.75 + Math.random() / 4)
}
