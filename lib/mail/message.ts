import { env } from '../env'
import { escapeHtml } from '../http/escape-html'
import { currentTrace } from '../telemetry'
import { toFirstWord } from './first-word'
import { toLink } from './links'
import { type EmailKind, TEMPLATES } from './templates'
import type { Attachment, CommonSlot } from './templates/letter'

/** A mail without the tokens of its links: see links.ts. */
export type Message = {
  from: string
  to: string
  subject: string
  html: string
  text: string
  attachments?: Attachment[]
  /** Webhooks return the tags. They may arrive before we have stored Resend's id. */
  tags: [{ name: 'email_id'; value: string }, ...{ name: string; value: string }[]]
}

export type Recipient = {
  id: string
  kind: EmailKind
  recipient: string | null
  /** Auth.js knows no name of those who sign in by mail. */
  user: { name: string | null; email: string; confirmedAt: unknown }
  data: unknown
}

const rendered = new Map<EmailKind, { html: string; text: string }>()

/** Renders a mail. @throws when a slot has no value, an attachment cannot be made, or Postgres could not read a text again */
export async function writeMessage({ id, kind, recipient, user, data }: Recipient): Promise<Message> {
  const template = await TEMPLATES[kind]()
  const { html, text } =
    rendered.get(kind) ?? (await (await import('./templates/letter')).renderTemplate(template))
  rendered.set(kind, { html, text })
  // Before the address is confirmed, a stranger may have entered it, with a message as the name.
  const isTheirs = recipient === null && Boolean(user.confirmedAt)
  const own = cleanData(data)
  const common: Record<CommonSlot, string> = {
    name: (isTheirs && user.name) || toFirstWord(user.name ?? ''),
    number: id.slice(0, 8).toUpperCase(),
    ticket: toLink(`/tickets/${id}`, 'confirm'),
    lost: toLink('/lost', 'ticket'),
    forget: toLink('/not-me', 'forget'),
    notMe: toLink('/not-me', 'not-me'),
  }
  const slots = { ...own, ...common }
  const message: Message = {
    from: env('EMAIL_FROM'),
    to: recipient ?? user.email,
    subject: template.subject,
    html: fill(html, slots, escapeHtml),
    text: fill(text, slots),
    tags: [{ name: 'email_id', value: id }, ...tagTrace()],
    ...(template.attach && { attachments: await template.attach(own) }),
  }
  // JSON escapes half an emoji and NUL. Postgres would store them, and fail when it reads them.
  if (/(?<!\\)(?:\\\\)*\\u(?:d[89a-f]|0000)/.test(JSON.stringify(message)))
    throw new Error('A text has half an emoji or a NUL, which Postgres cannot read')
  return message
}

// U+2028 marks the places of tokens (links.ts), so no value may have it.
function cleanData(data: unknown): Record<string, string> {
  const values = Object.entries((data ?? {}) as Record<string, string>)
  return Object.fromEntries(values.map(([name, value]) => [name, value.replaceAll('\u2028', ' ')]))
}

// So that webhooks join the trace of the mail.
function tagTrace(): { name: string; value: string }[] {
  const value = currentTrace()
  return value ? [{ name: 'trace', value }] : []
}

// One pass, so that a name that looks like a slot is not replaced.
function fill(template: string, slots: Record<string, string>, encode = (value: string) => value): string {
  return template.replace(/\{\{(\w+)\}\}/g, (slot, name) => {
    if (!Object.hasOwn(slots, name)) throw new Error(`The slot ${slot} has no value: add it to queueEmail`)
    return encode(slots[name] as string)
  })
}
