import { deskAt } from './places'
import { Sign } from './sign'
import type { Desk } from './use-desks'

/** A desk for each worker, lit while the worker is alive. */
export function Desks({ desks, deserted }: { desks: Desk[]; deserted: boolean }) {
  return (
    <div className="relative col-start-4">
      {desks.map(({ name, darkSince, leaving }, index) => {
        const { x, y, width, height } = deskAt(index, desks.length)
        return (
          <div
            key={name}
            className="absolute pb-2 motion-safe:transition-all motion-safe:duration-500 starting:translate-x-16 starting:opacity-0 data-leaving:translate-x-16 data-leaving:opacity-0"
            style={{ left: share(x), top: share(y), width: share(width), height: share(height) }}
            data-leaving={leaving || undefined}
          >
            <p
              className={`flex size-full items-start justify-between gap-x-2 overflow-hidden border-2 border-b-8 px-1 font-mono text-sm leading-6 transition-colors duration-300 sm:px-2 sm:text-xl sm:leading-8 ${darkSince ? 'border-ink bg-ink text-paper dark:border-line dark:bg-black dark:text-muted' : 'border-ink bg-accent/10 dark:border-line'}`}
            >
              {name.split('@')[0]}
              {darkSince && <span className="font-sans">gone</span>}
            </p>
          </div>
        )
      })}
      {deserted && (
        <Sign className="top-2 inset-x-0">
          No worker is running.
          <span className="block text-base font-normal max-sm:hidden sm:text-xl">
            The queue keeps everything.
          </span>
        </Sign>
      )}
    </div>
  )
}

const share = (part: number): string => `${100 * part}%`
