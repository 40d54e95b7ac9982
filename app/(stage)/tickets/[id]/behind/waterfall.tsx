import type { Place, Step } from '@/app/(stage)/_lib/trace'
import { formatDuration } from '@/app/components/site/figures'

const COLOR: Record<Place, string> = {
  web: 'bg-ink',
  // Nobody does anything there.
  queue: 'border-y-2 border-dashed border-muted',
  worker: 'bg-accent',
  Resend: 'bg-good',
}

/** Each step as a bar, from when it began to when it ended: who did it, how long, and what it was waiting for. */
export function Waterfall({ steps, total }: { steps: Step[]; total: number }) {
  return (
    <ol className="space-y-3 text-base stage:space-y-2.5">
      {steps.map(({ what, where, depth, from, to }) => (
        <li
          key={`${what} ${from}`}
          className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 @3xl:grid-cols-[17rem_minmax(0,1fr)_4.5rem]"
        >
          <span className={`@3xl:truncate ${INDENT[depth]}`}>
            <span className="font-semibold">{what}</span> <span className="text-muted">{where}</span>
          </span>
          <span className="text-right whitespace-nowrap @3xl:order-last">{formatDuration(to - from)}</span>
          <span aria-hidden className="relative col-span-2 h-4 border-b border-line @3xl:col-span-1">
            <span
              className={`absolute inset-y-0 min-w-1 ${COLOR[where]}`}
              style={{ left: toShare(from, total), width: toShare(to - from, total) }}
            />
          </span>
        </li>
      ))}
    </ol>
  )
}

const INDENT = ['', 'pl-4', 'pl-8']

/** A little less than all: what is too short to be seen is drawn all the same, and must not leave the paper. */
function toShare(ms: number, total: number): string {
  return `${(ms / total) * 99}%`
}
