import type { EmailStatus } from '@/lib/status/status'

export type Tone = 'ink' | 'accent' | 'good' | 'bad'
export type Shape = 'disc' | 'ring' | 'cross'

/**
 * The look of each status in the picture, the numbers and the lists. Colour is never the only sign: a retry is a ring,
 * and a failure is a cross.
 */
export const LOOKS: Record<EmailStatus, { tone: Tone; shape: Shape }> = {
  queued: { tone: 'ink', shape: 'disc' },
  retrying: { tone: 'accent', shape: 'ring' },
  sending: { tone: 'accent', shape: 'disc' },
  sent: { tone: 'good', shape: 'disc' },
  delayed: { tone: 'accent', shape: 'ring' },
  delivered: { tone: 'good', shape: 'disc' },
  bounced: { tone: 'bad', shape: 'cross' },
  suppressed: { tone: 'bad', shape: 'cross' },
  complained: { tone: 'bad', shape: 'cross' },
  failed: { tone: 'bad', shape: 'cross' },
}

const TEXT: Record<Tone, string> = { ink: '', accent: 'text-accent', good: 'text-good', bad: 'text-bad' }

/** The class of text about a status. */
export function inkOf(status: EmailStatus): string {
  return TEXT[LOOKS[status].tone]
}
