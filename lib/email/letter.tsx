import type { ReactElement, ReactNode } from 'react'
import { Body, Container, Head, Heading, Hr, Html, Preview, render, Text, toPlainText } from 'react-email'
import { env } from '../env'
import type { Message } from './send'

/** Renders a mail. Only the worker does: a request should never wait for it. */
export async function renderMessage(
  emailId: string,
  to: string,
  subject: string,
  letter: ReactElement,
): Promise<Message> {
  const html = await render(letter)
  return {
    from: env('EMAIL_FROM'),
    to,
    subject,
    html,
    text: toPlainText(html),
    // Comes back in the webhooks, which may arrive before we have stored the id that Resend gave the mail.
    tags: [{ name: 'email_id', value: emailId }],
  }
}

type Props = {
  emailId: string
  /** What a mailbox shows beside the subject. */
  preview: string
  heading: string
  children: ReactNode
  /** Why the reader gets this mail. */
  reason: string
}

/** The paper that all our mails are written on. */
export function Letter({ emailId, preview, heading, children, reason }: Props) {
  return (
    <Html lang="en">
      <Head />
      <Preview>{preview}</Preview>
      <Body style={page}>
        <Container style={paper}>
          <Text style={small}>ORDER {emailId.slice(0, 8).toUpperCase()}</Text>
          <Heading style={headingText}>{heading}</Heading>
          {children}
          <Hr style={rule} />
          <Text style={small}>{reason}</Text>
        </Container>
      </Body>
    </Html>
  )
}

const sans = 'ui-sans-serif, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif'
export const ink = '#1f1a17'
const page = { backgroundColor: '#f6f1e9', fontFamily: sans, margin: 0, padding: '40px 12px' }
const paper = {
  backgroundColor: '#fffdf9',
  maxWidth: '520px',
  padding: '36px 40px',
  borderTop: `6px solid ${ink}`,
}
const headingText = {
  color: ink,
  fontSize: '34px',
  lineHeight: '40px',
  letterSpacing: '-0.02em',
  margin: '12px 0 20px',
}
export const text = { color: ink, fontSize: '17px', lineHeight: '27px', margin: '0 0 16px' }
const rule = { borderColor: '#e6dfd3', margin: '28px 0 18px' }
const small = {
  color: '#6f655c',
  fontSize: '13px',
  lineHeight: '20px',
  letterSpacing: '0.02em',
  margin: 0,
}
