import { env } from '../env'
import { currentTrace } from '../telemetry'
import { toFirstWord } from './first-word'
import { toLink } from './links'
import { type EmailKind, TEMPLATES } from './templates'
import type { Template } from './templates/letter'

/** A mail without the tokens of its links: see links.ts. */
export type Message = Template & {
  from: string
  to: string
  /** Webhooks contain the email's id. They may arrive before we have stored Resend's id. */
  tags: [{ name: 'email_id'; value: string }, ...{ name: string; value: string }[]]
}

export type Recipient = {
  id: string
  kind: EmailKind
  recipient: string | null
  user: { name: string; email: string; confirmedAt: unknown }
}

const rendered = new Map<EmailKind, Template>()

/** Renders a mail: the same bytes each time, unless the template, the sender or the user has changed. */
export async function writeMessage({ id, kind, recipient, user }: Recipient): Promise<Message> {
  const { subject, html, text } = rendered.get(kind) ?? (await TEMPLATES[kind]())
  rendered.set(kind, { subject, html, text })
  // A stranger may have entered the address, with a message as the name.
  const isTheirs = recipient === null && Boolean(user.confirmedAt)
  const slots = {
    name: isTheirs ? user.name : toFirstWord(user.name),
    number: id.slice(0, 8).toUpperCase(),
    ticket: toLink(`/tickets/${id}`, 'confirm'),
    lost: toLink('/lost', 'ticket'),
    forget: toLink('/not-me', 'forget'),
    notMe: toLink('/not-me', 'not-me'),
  }
  return {
    from: env('EMAIL_FROM'),
    to: recipient ?? user.email,
    subject,
    html: fill(html, slots, escapeHtml),
    text: fill(text, slots),
    tags: [{ name: 'email_id', value: id }, ...tagTrace()],
  }
}

// Webhooks return this tag, so that they join the trace of the mail.
function tagTrace(): { name: string; value: string }[] {
  const value = currentTrace()
  return value ? [{ name: 'trace', value }] : []
}

// In one pass, so that a name that looks like a slot is not replaced.
function fill(template: string, slots: Record<string, string>, encode = (value: string) => value): string {
  return template.replace(/\{\{(\w+)\}\}/g, (slot, name) => encode(slots[name] ?? slot))
}

/** Also safe in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
