import type { Batch } from '@/lib/email/batch'
import type { Outcome } from '@/lib/email/outcome'

/** Of so many mails, each has a line of its own. */
const FEW = 5

/** What became of a batch, in lines for the log: "CE975F1D  attempt 2 → sent  3.0 s". No names and no addresses. */
export function describeBatch({ messages, attempts }: Batch, outcome: Outcome, ms: number): string[] {
  const describe = (what: string, result: string): string =>
    `${what}  attempt ${attempts} → ${result}  ${formatSeconds(ms)}`
  const accepted = outcome.kind === 'accepted' ? outcome.mails.map(({ status }) => status) : undefined
  if (messages.length <= FEW) {
    return messages.map(({ tags: [{ value: id }] }, index) =>
      describe(id.slice(0, 8).toUpperCase(), accepted?.[index] ?? reasonOf(outcome)),
    )
  }
  const refused = accepted?.filter((status) => status === 'failed').length
  const result = accepted ? `sent${refused ? `, ${refused} failed` : ''}` : reasonOf(outcome)
  return [describe(`batch of ${messages.length}`, result)]
}

const reasonOf = (outcome: Outcome): string => ('reason' in outcome ? outcome.reason : '')

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
