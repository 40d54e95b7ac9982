import Link from 'next/link'
import { Countdown } from '@/app/components/countdown'
import { formatDuration } from '@/app/components/figures'
import { Paper } from '@/app/components/paper'
import { Stamp } from '@/app/components/stamp'
import { explainReason, STATUS, STRANDED } from '@/app/components/words'
import type { News } from './follow'
import { STEPS } from './steps'

type Props = {
  /** When each step was reached, in ms since the click. */
  times: (number | undefined)[]
  /** Absent until the reply. */
  waitedMs: number | undefined
  news: News | undefined
}

/** The five steps on a ticket: blank at first, then with the times of the reader's own job. */
export function JobTicket({ times, waitedMs, news }: Props) {
  return (
    <Paper
      label="Your job"
      stub={
        <>
          <p className="mb-4 text-base font-semibold">At the counter</p>
          <Lines from={0} to={2} times={times} />
          <p className="mt-5 flex h-18 items-end gap-2">
            {waitedMs === undefined ? (
              <>
                <span aria-hidden className="h-18 w-13 border-2 border-dashed border-line" />
                <span aria-hidden className="h-18 w-13 border-2 border-dashed border-line" />
                <span aria-hidden className="-mb-1 text-4xl font-semibold tracking-tight text-muted">
                  ms
                </span>
              </>
            ) : (
              <Waited ms={waitedMs} />
            )}
          </p>
        </>
      }
    >
      <p className="mb-4 text-base font-semibold">Behind the scenes</p>
      <Lines from={2} to={5} times={times} />
      <Outcome news={news} />
    </Paper>
  )
}

function Lines({ from, to, times }: { from: number; to: number; times: (number | undefined)[] }) {
  return (
    <ol start={from + 1} className="space-y-3 text-lg">
      {STEPS.slice(from, to).map(({ title }, index) => {
        const time = times[from + index]
        return (
          <li key={title} className="flex gap-3 whitespace-nowrap">
            <span aria-hidden className="text-muted">
              {from + index + 1}
            </span>
            <span className={time === undefined ? 'text-muted' : 'font-semibold'}>{title}</span>
            <span
              aria-hidden
              className={`leader mb-1.5 flex-1 ${time === undefined ? 'text-line' : 'text-muted'}`}
            />
            {time !== undefined && <span className="motion-safe:animate-print">+{formatDuration(time)}</span>}
          </li>
        )
      })}
    </ol>
  )
}

function Waited({ ms }: { ms: number }) {
  const [value, unit] = formatDuration(ms).split(' ')
  return (
    <>
      <span className="sr-only">You waited</span>{' '}
      <strong className="text-8xl leading-[0.75] font-semibold tracking-[-0.06em]">{value}</strong>{' '}
      <span className="text-4xl leading-none font-semibold tracking-tight">{unit}</span>
    </>
  )
}

function Outcome({ news }: { news: News | undefined }) {
  const { snapshot, connection, stranded } = news ?? {}
  const last = snapshot?.timeline.at(-1)
  const waiting = snapshot && !snapshot.final
  return (
    <div className="mt-5 min-h-54">
      {snapshot?.final && <Stamp status={snapshot.status} fresh />}
      {waiting && <span aria-hidden className="mb-3 block h-5 w-3 motion-safe:animate-cursor bg-ink" />}
      <div role="status" className="font-sans text-base leading-6 text-pretty">
        {connection === 'lost' && <p className="font-semibold text-bad">Connection lost, reconnecting</p>}
        {stranded && <p>{STRANDED.sentence}</p>}
        {snapshot && last && !stranded && needsWords(snapshot.status) && (
          <p>
            {last.reason && explainReason(last.reason)} {STATUS[snapshot.status].sentence}
          </p>
        )}
      </div>
      {waiting && snapshot.status === 'retrying' && last?.retryAt && (
        <p className="mt-2 font-semibold">
          attempt {(last.attempt ?? 1) + 1} <Countdown from={last.at} to={last.retryAt} />
        </p>
      )}
      {snapshot && (
        <Link href={`/signups/${snapshot.id}`} prefetch={false} className="link text-lg font-semibold">
          See its whole ticket
        </Link>
      )}
    </div>
  )
}

// The steps speak for themselves, as long as all goes well.
function needsWords(status: keyof typeof STATUS): boolean {
  return !['queued', 'sending', 'sent'].includes(status)
}
