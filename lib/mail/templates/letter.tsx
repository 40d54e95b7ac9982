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

/** The slots of every mail. The last four are links. */
const COMMON_SLOTS = ['name', 'number', 'ticket', 'lost', 'forget', 'notMe'] as const
export type CommonSlot = (typeof COMMON_SLOTS)[number]

export type Attachment = {
  filename: string
  /** In base64. */
  content: string
  contentType?: string
}

/** A kind of mail. `letter` is rendered once, with a placeholder such as `{{name}}` for each slot. */
export type Template<Slot extends string = string> = {
  /** Without slots, so that a user cannot choose its words. */
  subject: string
  /** The names of the data that `queueEmail` takes. */
  slots?: readonly Slot[]
  letter(slots: Record<CommonSlot | Slot, string>): ReactElement
  /** Makes the attachments. The mail is then sent in a request of its own. */
  attach?(data: Record<Slot, string>): Promise<Attachment[]>
}

/** Makes the compiler check the slots that a letter uses. */
export function defineTemplate<const Slot extends string = never>(template: Template<Slot>): Template<Slot> {
  return template
}

export async function renderTemplate({
  slots = [],
  letter,
}: Template): Promise<{ html: string; text: string }> {
  const names = [...COMMON_SLOTS, ...slots]
  const placeholders = Object.fromEntries(names.map((name) => [name, `{{${name}}}`]))
  const html = await render(letter(placeholders as Record<CommonSlot, string>))
  const selectors = [{ selector: 'h1', options: { uppercase: false } }]
  return { html, text: toPlainText(html, { selectors }) }
}

type Props = {
  top?: string
  /** Inboxes show it beside the subject. */
  preview: string
  heading: string
  children: ReactNode
  reason: string
  /** The link to the page /not-me, which can erase the reader's account. */
  notMe?: { href: string; text: string }
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
            {notMe && (
              <Link href={notMe.href} style={link}>
                {notMe.text}
              </Link>
            )}
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
