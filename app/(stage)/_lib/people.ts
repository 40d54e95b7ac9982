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

/** An address that nobody else has, at one of Resend's test mailboxes: what becomes of its mail is their name. */
export function makeUpAddress(mailbox: 'delivered' | 'bounced' = 'delivered'): string {
  return `${mailbox}+${crypto.randomUUID().slice(-12)}@resend.dev`
}
