import { Countdown } from '@/app/components/site/countdown'
import type { Snapshot } from '@/lib/status/status'
import { describeMails, findRetry } from './sum-up'
import type { Runner } from './use-race'

type Props = {
  mails: Snapshot[]
  total: number
  /** When the last one arrived, in ms since the button was pressed. */
  lastMs: number
  stranded: boolean
  /** True after an outage. */
  repaired: boolean
  /** Those of the other lane. */
  inline: Runner[]
}

/** What becomes of the mails, up to the end. Only the end is announced. A next try ends with how long that is. */
export function MailStory({ mails, ...story }: Props) {
  const text = describeMails(mails, story)
  const retry = story.stranded ? undefined : findRetry(mails)
  const settled = mails.length === story.total && mails.every(({ final }) => final)
  return (
    <>
      {!settled && text}{' '}
      {!settled && retry?.retryAt && (
        <>
          <Countdown key={retry.retryAt} from={retry.at} to={retry.retryAt} />.
        </>
      )}
      <span role="status">{settled && text}</span>
    </>
  )
}
