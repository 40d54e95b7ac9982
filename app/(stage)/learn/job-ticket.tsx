import Link from 'next/link'
import { Countdown } from '@/app/components/site/countdown'
import { formatDuration } from '@/app/components/site/figures'
import { Paper } from '@/app/components/ticket/paper'
import { explainReason } from '@/app/components/ticket/reasons'
import { Stamp } from '@/app/components/ticket/stamp'
import { describeEmail, LOST, NO_WORKER } from '@/app/components/ticket/words'
import type { EmailStatus } from '@/lib/status/status'
import type { News } from './follow'
import { STEPS } from './steps'

type Props = {
  /** When each step was reached, in ms since the click. */
  times: (number | undefined)[]
  /** Absent until the reply. */
  waitedMs: number | undefined
  news: News | undefined
}

/** The five steps on a ticket, with the times of the reader's own job. */
export function JobTicket({ times, waitedMs, news }: Props) {
  const reached = times.filter((time) => time !== undefined).length
  const next = reached > 0 && !news?.snapshot.final ? reached : undefined
  return (
    <Paper
      label="Your job"
      stub={
        <>
          <p className="mb-3 text-base font-semibold">At the counter</p>
          <Lines from={0} to={2} times={times} next={next} />
          <Waited ms={waitedMs} />
        </>
      }
    >
      <p className="mb-3 text-base font-semibold">Behind the scenes</p>
      <Lines from={2} to={5} times={times} next={next} />
      <Outcome news={news} />
    </Paper>
  )
}

type LinesProps = { from: number; to: number; times: Props['times']; next: number | undefined }

function Lines({ from, to, times, next }: LinesProps) {
  return (
    <ol start={from + 1} className="space-y-2 text-sm leading-7 min-[23rem]:text-base sm:text-lg">
      {STEPS.slice(from, to).map(({ title }, index) => {
        const time = times[from + index]
        const reached = time !== undefined
        return (
          <li key={title} className="flex gap-1 whitespace-nowrap min-[23rem]:gap-2 sm:gap-3">
            <span aria-hidden className="text-muted">
              {from + index + 1}
            </span>
            <span className={reached ? 'font-semibold' : 'text-muted'}>{title}</span>
            <span aria-hidden className={`leader mb-1.5 flex-1 ${reached ? 'text-muted' : 'text-line'}`} />
            {reached && <span className="motion-safe:animate-print">+{formatDuration(time)}</span>}
            {from + index === next && (
              <span aria-hidden className="h-5 w-3 self-center bg-ink motion-safe:animate-cursor" />
            )}
          </li>
        )
      })}
    </ol>
  )
}

/** How long the reader waited, or a placeholder. */
function Waited({ ms }: { ms: number | undefined }) {
  const [value, unit] = ms === undefined ? [] : formatDuration(ms).split(' ')
  return (
    <p className="mt-6 flex min-h-18 flex-wrap items-baseline gap-x-2 gap-y-4 text-4xl leading-none font-semibold tracking-tight">
      {value ? (
        <>
          <strong className="text-8xl leading-[0.75] font-semibold tracking-[-0.06em]">{value}</strong>
          <span>{unit}</span>
          <span className="ml-auto text-lg leading-none font-medium tracking-normal">you waited</span>
        </>
      ) : (
        <span aria-hidden className="contents text-muted">
          <span className="h-18 w-13 border-2 border-dashed border-line" />
          <span className="h-18 w-13 border-2 border-dashed border-line" />
          <span>ms</span>
        </span>
      )}
    </p>
  )
}

function Outcome({ news }: { news: News | undefined }) {
  const { snapshot, connection, hasNoWorker } = news ?? {}
  // The last entry may be a late report, which did not change the status.
  const last = snapshot?.timeline.findLast(({ status }) => status === snapshot.status)
  return (
    <div className="mt-2">
      <div className="flex h-24 items-center justify-center">
        {snapshot?.final ? (
          <Stamp words={describeEmail(snapshot)} fresh />
        ) : snapshot?.status === 'retrying' && last?.retryAt ? (
          <p className="text-xl font-semibold">
            attempt <span>{(last.attempt ?? 1) + 1}</span> <Countdown from={last.at} to={last.retryAt} />
          </p>
        ) : (
          <div aria-hidden className="h-14 w-60 max-w-full -rotate-4 border-4 border-dashed border-line" />
        )}
      </div>
      <div role="status" className="min-h-12 font-sans text-base leading-6 text-pretty">
        {connection === 'lost' && <p className="font-semibold text-bad">{LOST}</p>}
        {hasNoWorker && <p>{NO_WORKER.sentence}</p>}
        {snapshot && last && !hasNoWorker && needsWords(snapshot.status) && (
          <p>{`${last.reason ? explainReason(last.reason) : ''} ${describeEmail(snapshot).sentence}`}</p>
        )}
      </div>
      <p className="min-h-11">
        {snapshot && (
          <Link href={`/tickets/${snapshot.id}`} prefetch={false} className="link text-lg font-semibold">
            See its whole ticket
          </Link>
        )}
      </p>
    </div>
  )
}

// While all goes well, the steps need no explanation.
function needsWords(status: EmailStatus): boolean {
  return !['queued', 'sending', 'sent'].includes(status)
}
