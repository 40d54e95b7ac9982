import type { Env } from './stack'

/** Beyond what any test does. With 0 the code that counts would not run. */
const PLENTY = '1000000'

/**
 * Settings that production has and the sandbox has not: a key of its own, which turns the limits on, a secret, an operator.
 * All people of a test are one visitor, so these limits are higher than usual. All other settings keep their defaults.
 */
export const AS_IN_PRODUCTION: Env = {
  RESEND_API_KEY: 're_production',
  APP_SECRET: 'the-secret-of-a-test-as-in-production',
  OPERATOR_TOKEN: 'the-token-of-an-operator',
  LOG_FORMAT: 'json',
  LIMIT_SIGNUPS_PER_VISITOR: PLENTY,
  LIMIT_SIGNUPS_PER_MINUTE: PLENTY,
  LIMIT_MAILS_PER_HOUR: PLENTY,
  LIMIT_REQUESTS_PER_VISITOR: PLENTY,
  LIMIT_CONCURRENCY_PER_VISITOR: PLENTY,
  LIMIT_CONNECTIONS_PER_VISITOR: PLENTY,
  LIMIT_STREAMS_PER_VISITOR: PLENTY,
  INVITATIONS_PER_USER: '0', // orders
  EXPORT_PAUSE_MS: '0', // orders
}
