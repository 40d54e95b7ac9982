import { useEffect, useRef, useState } from 'react'
import type { Credit } from '@/app/(stage)/_lib/credits'
import { Takeaway } from '@/app/(stage)/takeaway'
import { formatDuration } from '@/app/components/site/figures'

/** The time for one name, and for the beginning and the end, in seconds. */
const SECONDS = { name: 0.4, rest: 8 }

/** Everyone of the room with their wait, over the whole screen, as a film ends. Alt+Shift+C rolls them as well. */
export function Credits() {
  const dialog = useRef<HTMLDialogElement>(null)
  const [credits, setCredits] = useState<Credit[]>()
  const [error, setError] = useState('')

  async function roll(): Promise<void> {
    const response = await fetch('/api/backstage/credits').catch(() => undefined)
    setError(response?.ok ? '' : 'The credits cannot be read.')
    if (!response?.ok) return
    setCredits(await response.json())
    if (dialog.current?.open) return
    dialog.current?.showModal()
    // Not the button, whose outline would stand beside the names.
    dialog.current?.focus()
  }

  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      // `code`, because with Alt the letter in `key` depends on the system.
      if (event.code === 'KeyC' && event.altKey && event.shiftKey && !event.repeat) void roll()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  })

  return (
    <>
      <button
        type="button"
        onClick={roll}
        className="button px-3 py-1.5 text-lg stage:absolute stage:top-8 stage:right-28 stage:py-0.5"
      >
        Credits
      </button>
      <p role="alert" className="text-lg text-bad">
        {error}
      </p>
      <dialog
        tabIndex={-1}
        ref={dialog}
        aria-label="Credits"
        onClose={() => setCredits(undefined)}
        className="credits"
      >
        <form method="dialog" className="fixed top-4 right-6 z-10">
          <button type="submit" className="cursor-pointer p-2 text-lg underline underline-offset-4">
            Close
          </button>
        </form>
        {credits && (
          <div
            className="motion-safe:animate-roll"
            style={{ animationDuration: `${SECONDS.rest + credits.length * SECONDS.name}s` }}
          >
            <h2 className="text-center text-5xl font-bold">Starring</h2>
            <ol className="mx-auto my-12 max-w-3xl space-y-2 px-6 text-4xl motion-reduce:my-8 motion-reduce:max-w-6xl motion-reduce:columns-[18rem] motion-reduce:gap-x-12 motion-reduce:text-2xl">
              {credits.map(({ name, waitedMs }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the credits never move
                <li key={index} className="flex break-inside-avoid gap-4">
                  <span className="min-w-0 flex-1 truncate text-right font-semibold">{name}</span>
                  <span className="flex-1 tabular-nums">
                    {waitedMs === null ? 'waited' : `waited ${formatDuration(waitedMs)}`}
                  </span>
                </li>
              ))}
            </ol>
            <div className="flex items-center justify-center px-6 text-center motion-safe:h-dvh">
              <Takeaway className="text-6xl leading-tight motion-reduce:text-4xl" />
            </div>
          </div>
        )}
      </dialog>
    </>
  )
}
