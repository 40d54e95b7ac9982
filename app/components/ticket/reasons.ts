import { NO_MAIL_WANTED } from './words'

const DOWN = 'The mail service is down.'
const NO_ANSWER = 'The mail service didn’t answer properly.'
const NOT_YET = 'The mail service is still busy with our last attempt.'
const OUR_ACCOUNT = 'The mail service doesn’t accept our account. We have to fix that.'
const WRONG_ADDRESS = 'We have a wrong address for the mail service. We have to fix that.'
const NOT_ACCEPTED = 'The mail service doesn’t accept this email.'

/** By the code on the timeline. Most codes are Resend’s own error names, some are ours. */
const REASON: Record<string, string> = {
  timeout: 'The mail service didn’t answer in time.',
  service_unavailable: DOWN,
  internal_server_error: DOWN,
  application_error: NO_ANSWER,
  unreadable_answer: NO_ANSWER,
  concurrent_idempotent_requests: NOT_YET,
  resource_locked: NOT_YET,
  rate_limit_exceeded: 'The mail service asks us to slow down.',
  daily_quota_exceeded: 'Today’s allowance of mail is used up.',
  monthly_quota_exceeded: 'This month’s allowance of mail is used up.',
  hourly_cap: 'Enough mail went out in this hour. The rest waits for the next one.',
  missing_api_key: OUR_ACCOUNT,
  restricted_api_key: OUR_ACCOUNT,
  invalid_api_key: OUR_ACCOUNT,
  suspended_api_key: OUR_ACCOUNT,
  invalid_permission: OUR_ACCOUNT,
  invalid_from_address: OUR_ACCOUNT,
  not_found: WRONG_ADDRESS,
  method_not_allowed: WRONG_ADDRESS,
  invalid_access: WRONG_ADDRESS,
  invalid_region: WRONG_ADDRESS,
  rejected_by_proxy: 'Something between us and the mail service rejects our mail. We have to fix that.',
  validation_error: NOT_ACCEPTED,
  missing_required_field: NOT_ACCEPTED,
  invalid_parameter: NOT_ACCEPTED,
  invalid_attachment: NOT_ACCEPTED,
  invalid_idempotency_key: NOT_ACCEPTED,
  security_error: NOT_ACCEPTED,
  permanent: 'The mailbox doesn’t exist, or refuses all mail.',
  transient: 'The mailbox couldn’t take it. It may be full, or its owner may be away.',
  undetermined: 'The mailbox didn’t say why.',
  onaccountsuppressionlist: 'Mail to this mailbox came back before, or was marked as spam.',
  reached_daily_quota: 'Today’s allowance of mail is used up.',
  reached_monthly_quota: 'This month’s allowance of mail is used up.',
  address_corrected: 'The address was corrected since.',
  no_mail_wanted: NO_MAIL_WANTED,
  worker_died: 'The worker died each time it tried.',
  paused_by_operator: 'We have stopped all mail.',
  template_failed: 'We could not write this email. That is our mistake.',
  dropped_by_operator: 'We have decided not to send this email.',
  rendered_anew: 'We write this email once more.',
  outcome_unknown: 'It may have been sent long ago. A person has to decide.',
  invalid_idempotent_request: 'It may have been sent already. A person has to decide.',
  forced: 'A person decided to send it again.',
}

/** Returns a sentence for a reason code. An unknown code is shown as it is. */
export function explainReason(reason: string): string {
  // Resend chooses the code. It may be "constructor", which every object has.
  const words = Object.hasOwn(REASON, reason) ? REASON[reason] : undefined
  return words ?? `Reason: ${reason.replaceAll('_', ' ')}.`
}

// stage
/** Like `explainReason`, for a pause of the whole account. There, `validation_error` is about the account. */
export function explainPause(reason: string): string {
  return reason === 'validation_error' ? OUR_ACCOUNT : explainReason(reason)
}
