import { env } from '../env'
import { sign } from '../sign'
import { currentTrace } from '../telemetry'
import { type EmailKind, TEMPLATES } from './templates'
import type { Template } from './templates/letter'
import { toTicketLink } from './ticket-link'

/** A mail, ready to send. */
export type Message = Template & {
  from: string
  to: string
  /** The email's id. It comes back in the webhooks, which may arrive before we have stored Resend's own id. */
  tags: [{ name: 'email_id'; value: string }, ...{ name: string; value: string }[]]
}

export type Recipient = {
  id: string
  kind: EmailKind
  recipient: string | null
  user: { name: string; email: string }
}

const rendered = new Map<EmailKind, Template>()

/** Writes the mail of an email: always the same bytes, unless somebody changes the template, the sender, the name, or the secret that signs the links; and one link has an hour. */
export async function writeMessage({ id, kind, recipient, user }: Recipient): Promise<Message> {
  const { subject, html, text } = rendered.get(kind) ?? (await TEMPLATES[kind]())
  rendered.set(kind, { subject, html, text })
  const notMe = `${env('APP_URL')}/not-me/${sign('not-me', id)}`
  const slots = {
    name: user.name,
    number: id.slice(0, 8).toUpperCase(),
    ticket: await toTicketLink(id, kind),
    notMe,
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

// With it, the reports on a mail join the trace that has sent it.
function tagTrace(): { name: string; value: string }[] {
  const value = currentTrace()
  return value ? [{ name: 'trace', value }] : []
}

// In one pass: a name that looks like a slot stays a name.
function fill(template: string, slots: Record<string, string>, encode = (value: string) => value): string {
  return template.replace(/\{\{(\w+)\}\}/g, (slot, name) => encode(slots[name] ?? slot))
}

/** For text that is to stand in HTML, in an attribute too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
