import { Countdown } from '@/app/components/site/countdown'
import type { Snapshot } from '@/lib/status/status'
import { describeMails, findRetry } from './sum-up'
import type { Runner } from './use-race'

type Props = {
  mails: Snapshot[]
  total: number
  /** When the last mail arrived, in ms since the button was pressed. */
  lastMs: number
  hasNoWorker: boolean
  /** True after an outage. */
  repaired: boolean
  /** The runners of the other lane. */
  inline: Runner[]
}

/** The text about the mails, with a countdown to the next retry. Screen readers announce only the end. */
export function MailStory({ mails, ...story }: Props) {
  const text = describeMails(mails, story)
  const retry = story.hasNoWorker ? undefined : findRetry(mails)
  const settled = mails.length === story.total && mails.every(({ final }) => final)
  return (
    <span>
      <span>{!settled && text}</span>
      {!settled && retry?.retryAt && (
        <span>
          {' '}
          <Countdown key={retry.retryAt} from={retry.at} to={retry.retryAt} />.
        </span>
      )}
      <span role="status">{settled && text}</span>
    </span>
  )
}
