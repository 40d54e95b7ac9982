import {
  Body,
  Container,
  Head,
  Heading,
  Hr,
  Html,
  Preview,
  render,
  Section,
  Text,
  toPlainText,
} from 'react-email'
import { env } from '../env'
import type { Message } from './send'

/** Renders the welcome email. Only the worker does: a request should never wait for it. */
export async function renderWelcome(
  emailId: string,
  user: { name: string; email: string },
): Promise<Message> {
  const html = await render(<Welcome name={user.name} order={emailId.slice(0, 8).toUpperCase()} />)
  return {
    from: env('EMAIL_FROM'),
    to: user.email,
    subject: `Welcome, ${user.name}`,
    html,
    text: toPlainText(html),
    // Comes back in the webhooks, which may arrive before we have stored the id that Resend gave the mail.
    tags: [{ name: 'email_id', value: emailId }],
  }
}

function Welcome({ name, order }: { name: string; order: string }) {
  return (
    <Html lang="en">
      <Head />
      <Preview>Your account is ready. This mail was made while you did something else.</Preview>
      <Body style={page}>
        <Container style={paper}>
          <Text style={small}>ORDER {order}</Text>
          <Heading style={heading}>Welcome, {name}.</Heading>
          <Text style={text}>
            Your account was ready the moment you pressed the button. This mail was not, and you did not wait
            for it.
          </Text>
          <Text style={text}>
            Like a good coffee shop, the app took your order, handed you a ticket, and let you find a seat. A
            worker in the back made this for you and called your name.
          </Text>
          <Section style={quote}>
            <Text style={quoteText}>Say “got it” at once. Do the slow work behind the scenes.</Text>
          </Section>
          <Hr style={rule} />
          <Text style={small}>
            You receive this mail because somebody signed up with your address. There will be no second one.
          </Text>
        </Container>
      </Body>
    </Html>
  )
}

const sans = 'ui-sans-serif, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif'
const ink = '#1f1a17'
const page = { backgroundColor: '#f6f1e9', fontFamily: sans, margin: 0, padding: '40px 12px' }
const paper = {
  backgroundColor: '#fffdf9',
  maxWidth: '520px',
  padding: '36px 40px',
  borderTop: `6px solid ${ink}`,
}
const heading = {
  color: ink,
  fontSize: '34px',
  lineHeight: '40px',
  letterSpacing: '-0.02em',
  margin: '12px 0 20px',
}
const text = { color: ink, fontSize: '17px', lineHeight: '27px', margin: '0 0 16px' }
const quote = { borderLeft: '3px solid #b4561f', margin: '28px 0', padding: '2px 0 2px 18px' }
const quoteText = { ...text, fontWeight: 600, margin: 0 }
const rule = { borderColor: '#e6dfd3', margin: '28px 0 18px' }
const small = {
  color: '#6f655c',
  fontSize: '13px',
  lineHeight: '20px',
  letterSpacing: '0.02em',
  margin: 0,
}
