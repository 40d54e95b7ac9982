import type { Place, Step } from '@/app/(stage)/_lib/trace'
import { formatDuration } from '@/app/components/site/figures'
import { explainReason } from '@/app/components/ticket/reasons'

const COLOR: Record<Place, string> = {
  web: 'bg-ink',
  queue: 'bg-ink',
  worker: 'bg-accent',
  Resend: 'bg-good',
}

/** A wait is hollow, because nothing is done. A failed attempt has the colour of failures. */
function lookOf({ where, isWait, reason }: Step): string {
  if (isWait) return `border-2 ${where === 'worker' ? 'border-accent' : 'border-ink'}`
  return reason ? 'bg-bad' : COLOR[where]
}

/** Each step as a bar, with its process and its duration. */
export function Waterfall({ steps, total }: { steps: Step[]; total: number }) {
  return (
    <>
      <ol className="space-y-3 @3xl:text-lg stage:space-y-1 stage:text-base stage:leading-6">
        {steps.map((step) => {
          const { what, where, worker, reason, depth, from, to } = step
          return (
            <li key={`${what} ${from}`} className={ROW}>
              <span className={`@3xl:whitespace-nowrap ${INDENT[depth]}`}>
                <span className="font-semibold">{what}</span>{' '}
                <span className="whitespace-nowrap text-muted">
                  <span aria-hidden className={`mr-2 inline-block size-3.5 ${lookOf(step)}`} />
                  {where} {worker}
                </span>
                {reason && (
                  <span className="block font-semibold whitespace-normal text-bad">
                    ✕ {explainReason(reason)}
                  </span>
                )}
              </span>
              <span className="text-right whitespace-nowrap @3xl:order-last">
                {formatDuration(to - from)}
              </span>
              <span
                aria-hidden
                className="relative col-span-2 h-5 border-b border-line stage:h-4.5 @3xl:col-span-1"
              >
                <span
                  className={`absolute inset-y-0 min-w-2 ${lookOf(step)}`}
                  style={{ left: toShare(from, total), width: toShare(to - from, total) }}
                />
              </span>
            </li>
          )
        })}
      </ol>
      <p aria-hidden className={`mt-2 text-base text-muted ${ROW}`}>
        <span className="col-span-2 flex justify-between @3xl:col-span-1 @3xl:col-start-2">
          <span>click</span>
          <span>{`+${formatDuration(total)}`}</span>
        </span>
      </p>
    </>
  )
}

const ROW =
  'grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 @3xl:grid-cols-[21rem_minmax(0,1fr)_5rem] stage:grid-cols-[19.5rem_minmax(0,1fr)_4.5rem]'
const INDENT = ['', 'pl-4', 'pl-8']

/** Scales to a little less than the full width, so that the shortest bar at the end still fits. */
function toShare(ms: number, total: number): string {
  return `${(ms / total) * 97}%`
}
