import { z } from 'zod'

export interface Mail {
  id: string
  from: string
  to: string | string[]
  subject: string
  tags?: { name: string; value: string }[] | null
  attachments?: unknown
}

const Message = z.object({
  from: z.string().min(1),
  to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  subject: z.string().min(1),
  tags: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
})

interface Report {
  type: string
  /** Milliseconds since the previous report, or since Resend accepted the mail. */
  after: number
  details?: Record<string, unknown>
}

const sent: Report = { type: 'email.sent', after: 10 }
const delivered: Report = { type: 'email.delivered', after: 80 }
const complained: Report = { type: 'email.complained', after: 80 }
const bounced: Report = {
  type: 'email.bounced',
  after: 80,
  details: { bounce: { type: 'Permanent', subType: 'General', message: 'The recipient does not exist.' } },
}
const suppressed: Report = {
  type: 'email.suppressed',
  after: 80,
  details: { suppressed: { type: 'OnAccountSuppressionList', message: 'An earlier mail bounced.' } },
}

const stories: Record<string, Report[]> = {
  bounced: [sent, bounced],
  complained: [sent, delivered, complained],
  suppressed: [suppressed],
}

/** The reports about a mail: delivered, except for Resend's test addresses (with or without +label). */
export function reportsAbout({ to }: Mail): Report[] {
  return stories[readMailbox(String(to))] ?? [sent, delivered]
}

/** Returns the error of an invalid mail. The only address that is rejected is `invalid@resend.dev`. */
export function findProblem(mail: unknown): string | undefined {
  const { data, error } = Message.safeParse(mail)
  if (!data) return `Missing or invalid \`${String(error.issues[0]?.path[0] ?? 'email')}\` field.`
  if ([data.to].flat().some((to) => readMailbox(to) === 'invalid')) return INVALID_TO
}

export const INVALID_TO = 'Invalid `to` field.'

/** The name of a mail in the counts: the id of the email record, else the idempotency key, else the address. */
export function nameMail(mail: unknown, idempotencyKey: string | undefined): string {
  const { tags, to } = (mail ?? {}) as Partial<Mail>
  const tag = Array.isArray(tags) ? tags.find((tag) => tag?.name === 'email_id') : undefined
  return tag?.value ?? idempotencyKey ?? String(to)
}

/** The name of Resend's test mailbox in an address, or ''. */
function readMailbox(to: string): string {
  const [, name = ''] = to.match(/\b(\w+)(?:\+[^@]*)?@resend\.dev\b/i) ?? []
  return name.toLowerCase()
}
