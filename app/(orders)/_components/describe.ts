import { formatTime } from '@/app/components/site/figures'
import type { Progress } from '@/lib/orders/export/progress'
import type { Invitations } from '@/lib/orders/invitations'

/** The text after the number of sent invitations: “37 of 100 sent, 1 bounced” */
export function describeInvitations(state: Invitations): string {
  const { total, bounced, complained, failed } = state
  const parts = [`of ${total} sent`]
  if (bounced > 0) parts.push(`${bounced} bounced`)
  if (complained > 0) parts.push(`${complained} marked as spam`)
  if (failed > 0) parts.push(`${failed} given up`)
  return parts.join(', ')
}

/** For screen readers: announces the beginning, each quarter and the end, and not every step. */
export function announceInvitations(state: Invitations): string {
  const { total, waiting, sent, final } = state
  if (total === 0) return ''
  if (final) return `All invitations are out: ${sent} ${describeInvitations(state)}.`
  const quarters = Math.floor((4 * (total - waiting)) / total)
  return [
    `Your invitations are in the queue.`,
    'A quarter of the invitations is out.',
    'Half of the invitations are out.',
    'Three quarters of the invitations are out.',
    'The last invitation is out.',
  ][quarters] as string
}

/** The text after the number of the chapter: “2 of 5: emails to you” */
export function describeExport({ status, total, chapter }: Progress): string {
  if (status === 'queued') return 'In the queue'
  return chapter ? `of ${total}: ${chapter}` : `of ${total}`
}

/** For screen readers: announces the beginning and the end. */
export function announceExport(state: Progress | null): string {
  switch (state?.status) {
    case 'queued':
    case 'working':
      return 'Your file is being made.'
    case undefined:
      return ''
    default:
      return explainExport(state)
  }
}

/** The text when no export is under way. */
export function explainExport(state: Progress | null): string {
  switch (state?.status) {
    case 'ready':
      return `Your file is ready. It will be deleted on ${formatTime(state.expiresAt ?? '')}.`
    case 'canceled':
      return 'Your export is canceled. Nothing of it was kept.'
    case 'failed':
      return 'Your file could not be made. You can try again.'
    case 'expired':
      return 'Your last file has expired and was deleted.'
    default:
      return 'All we know about you, in one file. Gathering it takes a while, and you need not wait.'
  }
}
