import { z } from 'zod'

export interface Mail {
  id: string
  from: string
  to: string | string[]
  subject: string
  tags?: { name: string; value: string }[] | null
}

const Message = z.object({
  from: z.string().min(1),
  to: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  subject: z.string().min(1),
  tags: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
})

interface Report {
  type: string
  /** Milliseconds since the report before, or since Resend accepted the mail. */
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

/** What becomes of a mail: it is delivered, unless it goes to one of Resend's test addresses, with or without +label. */
export function tellStory({ to }: Mail): Report[] {
  return stories[readMailbox(String(to))] ?? [sent, delivered]
}

/** What is wrong with a mail. Of all addresses, `invalid@resend.dev` is the one that is refused. */
export function findProblem(mail: unknown): string | undefined {
  const { data, error } = Message.safeParse(mail)
  if (!data) return `Missing or invalid \`${String(error.issues[0]?.path[0] ?? 'email')}\` field.`
  if ([data.to].flat().some((to) => readMailbox(to) === 'invalid')) return INVALID_TO
}

export const INVALID_TO = 'Invalid `to` field.'

/** By what name a mail is known in the books: the id of the app's email, or else what there is. */
export function nameMail(mail: unknown, idempotencyKey: string | undefined): string {
  const { tags, to } = (mail ?? {}) as Partial<Mail>
  const tag = Array.isArray(tags) ? tags.find((tag) => tag?.name === 'email_id') : undefined
  return tag?.value ?? idempotencyKey ?? String(to)
}

/** Which of Resend's test mailboxes an address is. */
function readMailbox(to: string): string {
  const [, name = ''] = to.match(/\b(\w+)(?:\+[^@]*)?@resend\.dev\b/i) ?? []
  return name.toLowerCase()
}
