import { useRef, useState } from 'react'
import type { EmailRow } from '@/app/(stage)/_lib/backstage'
import type { RedriveCounts } from '@/app/(stage)/_lib/redrive'
import { formatCount } from '@/app/components/site/figures'
import type { RedriveResult } from '@/lib/sending/redrive'
import { JobLine } from './jobs'
import { send } from './send'

const REFUSAL: Record<Exclude<RedriveResult, 'queued'>, string> = {
  unknown: 'no longer known',
  'not failed': 'no longer given up',
  'accepted by Resend': 'already accepted by the mail service',
  'might be sent twice': 'might be sent twice, so a person has to decide: npm run redrive -- --force',
}

type Props = {
  emails: EmailRow[] | undefined
  total: number
  jobs: Record<string, number> | undefined
  /** The commands for queues whose jobs no button can redrive. */
  remedies: Record<string, string> | undefined
}

/** Emails and jobs that were given up, with buttons to redrive them. */
export function DeadLetters({ emails = [], total, jobs = {}, remedies = {} }: Props) {
  const [news, setNews] = useState('')
  const headingRef = useRef<HTMLHeadingElement>(null)

  async function redrive(id: string): Promise<void> {
    const result = await send<{ emails: RedriveCounts }>('POST', '/api/backstage/redrive', { id })
    if ('error' in result) setNews(result.error)
    else announce(summarize(result.answer.emails))
  }

  async function redriveQueue(queue: string): Promise<void> {
    const result = await send<{ jobs: number }>('POST', '/api/backstage/redrive', { id: queue })
    if ('error' in result) setNews(result.error)
    else announce(`${queue}: ${result.answer.jobs} back in the queue.`)
  }

  function announce(news: string): void {
    setNews(news)
    // The focused button will be removed.
    headingRef.current?.focus({ preventScroll: true })
  }

  return (
    <section aria-labelledby="dead" className="mt-8 min-h-24 stage:hidden">
      <div className="flex flex-wrap items-baseline gap-x-6 gap-y-2">
        <h2 id="dead" ref={headingRef} tabIndex={-1} className="text-xl font-semibold outline-none">
          Given up
        </h2>
        {total > 0 && (
          <button type="button" onClick={() => redrive('all')} className="button px-4 py-1.5 text-lg">
            Send all again
          </button>
        )}
        <p role="status" className="text-lg">
          {news}
        </p>
      </div>
      <ol className="mt-3 grid gap-x-10 gap-y-2 lg:grid-cols-2">
        {emails.map((job) => (
          <li key={job.id} className="flex items-baseline gap-x-4">
            <button
              type="button"
              aria-label={`Send again: ${job.id.slice(0, 8).toUpperCase()}`}
              onClick={() => redrive(job.id)}
              className="shrink-0 cursor-pointer border-2 border-ink px-2 font-semibold hover:bg-ink hover:text-paper"
            >
              Send again
            </button>
            <JobLine job={job} />
          </li>
        ))}
      </ol>
      {Object.keys(jobs).length > 0 && (
        <ul aria-label="Other jobs" className="mt-3 space-y-2">
          {Object.entries(jobs).map(([queue, count]) => (
            <li key={queue} className="flex items-baseline gap-x-4">
              {!remedies[queue] && (
                <button
                  type="button"
                  aria-label={`Try again: the jobs of ${queue}`}
                  onClick={() => redriveQueue(queue)}
                  className="shrink-0 cursor-pointer border-2 border-ink px-2 font-semibold hover:bg-ink hover:text-paper"
                >
                  Try again
                </button>
              )}
              <span>
                <code>{queue}</code>: <span>{`${formatCount(count)} ${count === 1 ? 'job' : 'jobs'}`}</span>
                {remedies[queue] && (
                  <span>
                    {' of a queue that is not in lib/queue.ts. Remedy: '}
                    <code>{remedies[queue]}</code>
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {total > emails.length && (
        <p className="mt-2 text-muted">{`These are the last ${emails.length} of ${formatCount(total)}.`}</p>
      )}
      {total === 0 && Object.keys(jobs).length === 0 && <p className="mt-1 text-lg text-muted">Nothing.</p>}
    </section>
  )
}

/** "3 are back in the queue. 1 was left alone: …" */
function summarize({ queued = 0, ...refused }: RedriveCounts): string {
  const sentences = queued === 1 ? ['1 is back in the queue.'] : [`${queued} are back in the queue.`]
  for (const [result, count] of Object.entries(refused)) {
    const why = REFUSAL[result as keyof typeof REFUSAL]
    sentences.push(`${count} ${count === 1 ? 'was' : 'were'} left alone: ${why}.`)
  }
  return sentences.join(' ')
}
