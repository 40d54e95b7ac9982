/** Made-up people for demonstrations: twice as many as the mail service takes requests a second. */
export const PEOPLE = [
  'Ada',
  'Grace',
  'Alan',
  'Barbara',
  'Edsger',
  'Radia',
  'Donald',
  'Hedy',
  'Tony',
  'Jean',
  'Frances',
  'Dennis',
  'Joan',
  'Ken',
  'Mary',
  'Leslie',
  'Sophie',
  'Niklaus',
  'Karen',
  'Tim',
] as const

/** A new address at one of Resend's test mailboxes. The mailbox is named after the outcome of its mails. */
export function makeUpAddress(mailbox: 'delivered' | 'bounced' = 'delivered'): string {
  return `${mailbox}+${crypto.randomUUID().slice(-12)}@resend.dev`
}
