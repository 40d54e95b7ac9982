import type { Snapshot } from '@/lib/status/status'
import type { Runner } from './use-race'

/** A mail on the scale of the race. */
export type MailTime = {
  /** When it arrived, or the present time. In ms since the button was pressed. */
  untilMs: number
  arrived: boolean
}

/**
 * Returns when each runner's mail arrived. The browser measures the time of the answer. The rest is the difference
 * between two events, both by the database's clock.
 */
export function timeMails(runners: Runner[], mails: Snapshot[], elapsed: number): (MailTime | undefined)[] {
  return runners.map(({ answer, waitedMs = 0 }) => {
    if (!answer?.account) return undefined
    const { timeline = [], final } = mails.find(({ id }) => id === answer.emailId) ?? {}
    const arrival =
      timeline.find(({ status }) => status === 'delivered') ?? (final ? timeline.at(-1) : undefined)
    const start = timeline[0]
    if (!arrival || !start) return { untilMs: elapsed, arrived: false }
    return {
      untilMs: waitedMs + Date.parse(arrival.at) - Date.parse(start.at),
      arrived: arrival.status === 'delivered',
    }
  })
}
