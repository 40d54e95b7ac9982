export interface Mail {
  id: string
  from: string
  to: string | string[]
  subject: string
  tags?: { name: string; value: string }[]
}

interface Chapter {
  type: string
  /** Milliseconds since the chapter before, or since Resend accepted the mail. */
  after: number
  details?: Record<string, unknown>
}

const sent: Chapter = { type: 'email.sent', after: 10 }
const delivered: Chapter = { type: 'email.delivered', after: 80 }
const complained: Chapter = { type: 'email.complained', after: 80 }
const bounced: Chapter = {
  type: 'email.bounced',
  after: 80,
  details: { bounce: { type: 'Permanent', subType: 'General', message: 'The recipient does not exist.' } },
}
const suppressed: Chapter = {
  type: 'email.suppressed',
  after: 80,
  details: { suppressed: { type: 'OnAccountSuppressionList', message: 'An earlier mail bounced.' } },
}

const stories: Record<string, Chapter[]> = {
  bounced: [sent, bounced],
  complained: [sent, delivered, complained],
  suppressed: [suppressed],
}

/** What becomes of a mail: it is delivered, unless it goes to one of Resend's test addresses, with or without +label. */
export function tellStory({ to }: Mail): Chapter[] {
  const [, name = ''] = String(to).match(/\b(\w+)(?:\+[^@]*)?@resend\.dev\b/i) ?? []
  return stories[name.toLowerCase()] ?? [sent, delivered]
}
