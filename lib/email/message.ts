import { env } from '../env'
import { renderInvitation } from './invitation'
import type { Template } from './letter'
import { renderWelcome } from './welcome'

/** A mail, ready to send. */
export type Message = Template & {
  from: string
  to: string
  /** The email's id. It comes back in the webhooks, which may arrive before we have stored Resend's own id. */
  tags: [{ name: 'email_id'; value: string }]
}

export type Recipient = { id: string; recipient: string | null; user: { name: string; email: string } }

let templates: Promise<[Template, Template]> | undefined

/** Writes the mail of an email: always the same bytes, unless somebody changes the template, the sender or the name. */
export async function writeMessage({ id, recipient, user }: Recipient): Promise<Message> {
  templates ??= Promise.all([renderWelcome(), renderInvitation()])
  const [welcome, invitation] = await templates
  const { subject, html, text } = recipient ? invitation : welcome
  const slots = { name: user.name, order: id.slice(0, 8).toUpperCase() }
  return {
    from: env('EMAIL_FROM'),
    to: recipient ?? user.email,
    subject: fill(subject, slots),
    html: fill(html, slots, escapeHtml),
    text: fill(text, slots),
    tags: [{ name: 'email_id', value: id }],
  }
}

// In one pass: a name that looks like a slot stays a name.
function fill(template: string, slots: Record<string, string>, encode = (value: string) => value): string {
  return template.replace(/\{\{(\w+)\}\}/g, (slot, name) => encode(slots[name] ?? slot))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
