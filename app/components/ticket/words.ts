import { type EmailStatus, type Erasure, RANK, type Snapshot } from '@/lib/status/status'

export type Tone = 'busy' | 'good' | 'bad'

export type Words = {
  /** On the ticket. */
  line: string
  /** Ends the headline that begins "You’re in. The email …". */
  headline: string
  /** For readers who do not program. It is true for the owner of the ticket and for others who look at it. */
  sentence: string
  tone: Tone
}

export const STATUS: Record<EmailStatus, Words> = {
  queued: {
    line: 'queued',
    headline: 'can wait.',
    sentence: 'The welcome email is in the queue. The account is ready without it.',
    tone: 'busy',
  },
  sending: {
    line: 'sending',
    headline: 'is going out.',
    sentence: 'A worker took the job from the queue and is handing the email to the mail service.',
    tone: 'busy',
  },
  retrying: {
    line: 'retrying',
    headline: 'tries again.',
    sentence: 'That attempt didn’t work. The job is back in the queue and the worker will try again.',
    tone: 'busy',
  },
  sent: {
    line: 'sent',
    headline: 'is on its way.',
    sentence: 'The mail service has accepted the email and is carrying it to the mailbox.',
    tone: 'good',
  },
  delayed: {
    line: 'delayed',
    headline: 'is delayed.',
    sentence: 'The mailbox isn’t answering right now. The mail service keeps trying.',
    tone: 'busy',
  },
  delivered: {
    line: 'delivered',
    headline: 'has arrived.',
    sentence: 'The welcome email is in the mailbox. All of this happened after the answer to the signup.',
    tone: 'good',
  },
  failed: {
    line: 'failed',
    headline: 'didn’t go out.',
    sentence: 'The email could not be sent, and the worker has put it aside. The account is not affected.',
    tone: 'bad',
  },
  bounced: {
    line: 'bounced',
    headline: 'bounced.',
    sentence: 'The mailbox refused the email: the address may be mistyped. The account is not affected.',
    tone: 'bad',
  },
  suppressed: {
    line: 'suppressed',
    headline: 'was held back.',
    sentence: 'Earlier mail to this address was refused, so the mail service no longer writes to it.',
    tone: 'bad',
  },
  complained: {
    line: 'reported',
    headline: 'was reported.',
    sentence: 'The email arrived and was marked as spam. We won’t write to this address again.',
    tone: 'bad',
  },
}

/** A soft bounce: the address is right, and Resend does not retry. */
const CAME_BACK: Words = {
  line: 'delayed',
  headline: 'came back.',
  sentence: 'The mailbox didn’t take the email for now. The address and the account are fine.',
  tone: 'busy',
}

/** Returns true when the owner of the mailbox has asked for no mail: then the address is right. */
export function isUnwanted({ status, timeline }: Snapshot): boolean {
  const { reason } = timeline.findLast((entry) => entry.status === 'suppressed') ?? {}
  return status === 'suppressed' && reason === 'no_mail_wanted'
}

const NO_MAIL_WANTED = 'The owner of this mailbox asked us not to email it.'

const FAILED_LATER: Words = {
  ...STATUS.failed,
  sentence: 'The mail service took the email, and then could not send it. The account is not affected.',
}

/** Returns the words for the state of an email. */
export function describeEmail(snapshot: Snapshot): Words {
  const { status, final, timeline } = snapshot
  if (status === 'delayed' && final) return CAME_BACK
  const wasAccepted = timeline.some((entry) => entry.status !== 'failed' && RANK[entry.status] >= RANK.sent)
  if (status === 'failed' && wasAccepted) return FAILED_LATER
  if (isUnwanted(snapshot)) return { ...STATUS.suppressed, sentence: NO_MAIL_WANTED }
  return STATUS[status]
}

/** For a ticket whose owner asked to be erased. The owner's headline begins "You’re out." */
export const ERASURE: Record<Erasure | 'erased', Words> = {
  requested: {
    line: 'asked for',
    headline: 'Forgetting you.',
    sentence: 'A worker removes the name, the address and the mails. Nothing more is sent.',
    tone: 'busy',
  },
  waiting: {
    line: 'under way',
    headline: 'One mail to go.',
    sentence:
      'We do not know yet whether the mail service accepted the last mail. As soon as we do, everything is deleted.',
    tone: 'busy',
  },
  erased: {
    line: 'erased',
    headline: 'All forgotten.',
    sentence: 'Name, address and mails are gone. So is this ticket: only this page still shows it.',
    tone: 'good',
  },
}

/** The headline of another person than the owner begins "This signup". */
const ERASURE_TO_OTHERS = { requested: 'is being erased.', waiting: 'is being erased.', erased: 'is erased.' }

/** Returns the words for an erasure: to the owner of the ticket, or to another person who looks at it. */
export function describeErasure(state: Erasure | 'erased', isOwner: boolean): Words {
  return isOwner ? ERASURE[state] : { ...ERASURE[state], headline: ERASURE_TO_OTHERS[state] }
}

export const LOST = 'The connection is lost. We try again.'

/** No worker is running. */
export const STRANDED = {
  line: 'waiting for a worker',
  sentence: 'No worker is on duty. The email is safe in the queue and goes out as soon as one starts.',
  erasure: 'No worker is on duty. As soon as one starts, everything is deleted.',
}

/** An operator has stopped all mail. */
export const HELD = {
  line: 'waiting: mail is stopped',
  sentence:
    'We have stopped all mail for a moment. This one is safe in the queue and goes out as soon as we start again.',
}

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
  provider_error: DOWN,
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
  refused_on_the_way: 'Something between us and the mail service rejects our mail. We have to fix that.',
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
