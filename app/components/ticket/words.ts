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
    sentence: 'The email arrived and was marked as spam. The account is not affected.',
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

export const NO_MAIL_WANTED = 'The owner of this mailbox asked us not to email it.'

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

/** For a ticket whose owner asked to be erased. Its headline begins "You’re out." */
export const ERASURE: Record<Erasure | 'erased', Words> = {
  requested: {
    line: 'asked for',
    headline: 'Being forgotten.',
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

export const LOST = 'The connection is lost. We try again.'

export const NO_WORKER = {
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
