import { useRef, useState } from 'react'
import type { Mode, Weather } from '@/app/(stage)/_lib/weather'
import { send } from './send'

const WORDS: Record<Mode, string> = {
  ok: 'works',
  slow: 'slow',
  outage: 'outage',
  'rate-limit': 'limit',
  hang: 'no answer',
  garbage: 'nonsense',
  'reset-after-accept': 'cut off',
  invalid: 'rejects',
  'bad-key': 'bad key',
}

const MODES = Object.entries(WORDS) as [Mode, string][]
/** The modes that are shown in stage mode. */
const ON_STAGE: Mode[] = ['ok', 'outage', 'rate-limit']

/** Debounces the slider. */
const PAUSE_MS = 150

type Props = { weather: Weather | null | undefined; onChange: (weather: Weather) => void }

export function WeatherControls({ weather, onChange }: Props) {
  const [error, setError] = useState('')
  // Shows the choice until the server has answered.
  const [chosen, setChosen] = useState<Partial<Weather>>({})
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const { mode, latencyMs, rateLimit } = { ...weather, ...chosen }

  async function change(next: Partial<Weather>): Promise<void> {
    const result = await send<Weather>('PUT', '/api/sandbox/weather', next)
    // Keeps choices that were made during this request.
    setChosen((current) => {
      const newer = Object.entries(current).filter(([key, value]) => value !== next[key as keyof Weather])
      return Object.fromEntries(newer)
    })
    if ('error' in result) return setError(result.error)
    setError('')
    onChange(result.answer)
  }

  function choose(next: Partial<Weather>, pauseMs: number): void {
    const all = { ...chosen, ...next }
    setChosen(all)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => change(all), pauseMs)
  }

  return (
    <section aria-labelledby="weather">
      <div className="flex items-baseline justify-between gap-3">
        <h2 id="weather" className="text-xl font-semibold">
          Mail service
        </h2>
        {/* It appears later than the rest. Beside the heading it does not move the page. */}
        {Boolean(rateLimit) && (
          <p className="text-base whitespace-nowrap text-muted stage:text-xl">{`${rateLimit} requests/s`}</p>
        )}
      </div>
      <fieldset className="mt-2 grid grid-cols-3 gap-1.5">
        <legend className="sr-only">Weather</legend>
        {MODES.map(([value, words]) => (
          <label
            key={value}
            className={`cursor-pointer border-2 border-line px-1 py-1.5 text-center text-base leading-tight stage:text-xl ${ON_STAGE.includes(value) ? '' : 'stage:hidden'} has-checked:border-ink has-checked:bg-ink has-checked:font-semibold has-checked:text-paper forced-colors:has-checked:forced-color-adjust-none forced-colors:has-checked:bg-[Highlight] forced-colors:has-checked:text-[HighlightText] has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent`}
          >
            <input
              type="radio"
              name="weather"
              value={value}
              checked={mode === value}
              onChange={() => choose({ mode: value }, 0)}
              className="sr-only"
            />
            {words}
          </label>
        ))}
      </fieldset>
      <label className="mt-3 flex items-center gap-3 text-base stage:hidden">
        Answers in
        <input
          type="range"
          min={100}
          max={5_000}
          step={100}
          value={latencyMs ?? 100}
          aria-valuetext={formatSeconds(latencyMs)}
          onChange={(event) => choose({ latencyMs: Number(event.target.value) }, PAUSE_MS)}
          className="min-w-0 flex-1 accent-ink"
        />
        <output className="w-16 text-right text-xl whitespace-nowrap font-semibold tabular-nums">
          {formatSeconds(latencyMs)}
        </output>
      </label>
      <p role="alert" className="text-base text-bad stage:text-xl">
        {error}
      </p>
    </section>
  )
}

function formatSeconds(ms: number | undefined): string {
  if (ms === undefined) return '–'
  return ms < 100 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`
}
