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

let templates: Promise<{ welcome: Template; invitation: Template }> | undefined

/** Writes the mail of an email: the same bytes every time, until somebody changes the template, the sender or a name. */
export async function writeMessage(email: {
  id: string
  recipient: string | null
  user: { name: string; email: string }
}): Promise<Message> {
  templates ??= Promise.all([renderWelcome(), renderInvitation()]).then(([welcome, invitation]) => ({
    welcome,
    invitation,
  }))
  const { welcome, invitation } = await templates
  const { subject, html, text } = email.recipient ? invitation : welcome
  const slots = { name: email.user.name, order: email.id.slice(0, 8).toUpperCase() }
  return {
    from: env('EMAIL_FROM'),
    to: email.recipient ?? email.user.email,
    subject: fill(subject, slots),
    html: fill(html, slots, escapeHtml),
    text: fill(text, slots),
    tags: [{ name: 'email_id', value: email.id }],
  }
}

// In one pass: a name that looks like a slot stays a name.
function fill(template: string, slots: Record<string, string>, encode = (value: string) => value): string {
  return template.replace(/\{\{(\w+)\}\}/g, (slot, name) => encode(slots[name] ?? slot))
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
