/** Made-up people for demonstrations. */
export const PEOPLE = [
  'Ada',
  'Grace',
  'Alan',
  'Barbara',
  'Edsger',
  'Margaret',
  'Donald',
  'Radia',
  'Tony',
  'Hedy',
] as const

/** A new address at one of Resend's test mailboxes. The mailbox is named after the outcome of its mails. */
export function makeUpAddress(mailbox: 'delivered' | 'bounced' = 'delivered'): string {
  return `${mailbox}+${crypto.randomUUID().slice(-12)}@resend.dev`
}
