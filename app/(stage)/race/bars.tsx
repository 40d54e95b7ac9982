import type { MailTime } from './mail-times'
import { hasLost } from './sum-up'
import type { Runner } from './use-race'

type Props = {
  runners: Runner[]
  color: string
  elapsed: number
  /** The time of the full width, in ms. */
  scale: number
  mails?: (MailTime | undefined)[]
}

/** One bar for each person: solid while they wait, dots while only their mail is under way. */
export function Bars({ runners, color, elapsed, scale, mails = [] }: Props) {
  const alone = runners.length === 1
  const percent = (ms: number): string => `${Math.min(100, (ms / scale) * 100)}%`
  return (
    <div
      aria-hidden
      className={`relative flex h-(--bars) flex-col overflow-hidden ${alone ? '' : 'gap-0.5'}`}
    >
      {seconds(scale).map((second) => (
        <span
          key={second}
          className="absolute inset-y-0 w-px bg-line"
          style={{ left: percent(second * 1000) }}
        />
      ))}
      {runners.map((runner, person) => {
        const { name, waitedMs = elapsed } = runner
        const mail = mails[person]
        return (
          <div key={name} className="relative min-h-0 flex-1">
            <span
              className={`absolute inset-y-0 left-0 ${waitedMs > 0 ? 'min-w-1' : ''} ${hasLost(runner) ? 'bg-bad' : color}`}
              style={{ width: percent(waitedMs) }}
            />
            {mail && (
              <span
                className="absolute inset-y-0 flex items-center gap-1 pl-2"
                style={{
                  left: percent(waitedMs),
                  width: `calc(${percent(mail.untilMs)} - ${percent(waitedMs)})`,
                }}
              >
                <span
                  className={`flex-1 border-dotted border-muted ${alone ? 'border-t-5' : 'border-t-3'}`}
                />
                {mail.arrived && <span className="aspect-square h-full max-h-5 rounded-full bg-good" />}
              </span>
            )}
          </div>
        )
      })}
    </div>
  )
}

export function Axis({ scale }: { scale: number }) {
  return (
    <div aria-hidden className="relative h-6 font-mono text-base text-muted">
      {seconds(scale).map((second) => (
        <span
          key={second}
          className="absolute -translate-x-1/2 whitespace-nowrap"
          style={{ left: `${(second / scale) * 100_000}%` }}
        >
          {second} s
        </span>
      ))}
    </div>
  )
}

/** The lines of the scale, about five. */
function seconds(scale: number): number[] {
  const step = [1, 2, 5, 10, 30, 60, 300].find((candidate) => scale / 1000 / candidate <= 6) ?? 600
  return Array.from({ length: Math.ceil(scale / 1000 / step) - 1 }, (_, index) => (index + 1) * step)
}
