import type { ReactElement, ReactNode } from 'react'
import {
  Body,
  Button,
  Container,
  Head,
  Heading,
  Hr,
  Html,
  Link,
  Preview,
  render,
  Text,
  toPlainText,
} from 'react-email'

/** `html` and `text` have slots such as `{{name}}`. The subject has none, so that a user cannot write it to a stranger. */
export type Template = { subject: string; html: string; text: string }

/** Takes milliseconds: cache the result. */
export async function renderTemplate(subject: string, letter: ReactElement): Promise<Template> {
  const html = await render(letter)
  const selectors = [{ selector: 'h1', options: { uppercase: false } }]
  return { subject, html, text: toPlainText(html, { selectors }) }
}

type Props = {
  /** The small print above the heading. */
  top?: string
  /** Inboxes show it beside the subject. */
  preview: string
  heading: string
  children: ReactNode
  reason: string
  /** The text of the link to the page /not-me. */
  notMe: string
}

export function Letter({ top = 'BEHIND THE SCENES', preview, heading, children, reason, notMe }: Props) {
  return (
    <Html lang="en">
      <Head />
      <Preview>{preview}</Preview>
      <Body style={page}>
        <Container style={paper}>
          <Text style={small}>{top}</Text>
          <Heading style={headingText}>{heading}</Heading>
          {children}
          <Hr style={rule} />
          <Text style={small}>
            {reason}{' '}
            <Link href="{{notMe}}" style={link}>
              {notMe}
            </Link>
          </Text>
        </Container>
      </Body>
    </Html>
  )
}

export function Action({ href, children }: { href: string; children: string }) {
  return (
    <Button href={href} style={button}>
      {children}
    </Button>
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
/** Breaks long words, so that the mail is not wider than a phone. */
const breaking = { overflowWrap: 'anywhere', wordBreak: 'break-word' } as const
const headingText = {
  ...breaking,
  color: ink,
  fontSize: '34px',
  lineHeight: '40px',
  letterSpacing: '-0.02em',
  margin: '12px 0 20px',
}
export const text = { ...breaking, color: ink, fontSize: '17px', lineHeight: '27px', margin: '0 0 16px' }
const rule = { borderColor: '#e6dfd3', margin: '28px 0 18px' }
const small = {
  ...breaking,
  color: '#6f655c',
  fontSize: '13px',
  lineHeight: '20px',
  letterSpacing: '0.02em',
  margin: 0,
}
const link = { ...small, textDecoration: 'underline' }
const button = {
  ...text,
  backgroundColor: ink,
  color: '#fffdf9',
  fontWeight: 600,
  padding: '14px 24px',
  margin: '12px 0 0',
}
