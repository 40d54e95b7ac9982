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

/** An address that nobody else has, and at which Resend delivers everything without a mailbox. */
export function makeUpAddress(): string {
  return `delivered+${crypto.randomUUID()}@resend.dev`
}
