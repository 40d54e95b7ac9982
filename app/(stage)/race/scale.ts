import type { MailTime } from './mail-times'
import type { Runner } from './use-race'

const SHORTEST_MS = 4_000

/** The time of the full width of all bars, in ms. It grows until the last mail has arrived. */
export function pickScale(runners: Runner[], mails: (MailTime | undefined)[], elapsed: number): number {
  const wait = Math.max(0, ...runners.map(({ waitedMs }) => waitedMs ?? elapsed))
  const mail = Math.max(0, ...mails.map((time) => time?.untilMs ?? 0))
  return 1.05 * Math.max(SHORTEST_MS, wait, mail)
}
