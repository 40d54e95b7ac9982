import { useEffect, useRef, useState } from 'react'
import { PEOPLE } from '@/app/(stage)/_lib/people'
import type { LaneAnswer, Way } from '@/app/(stage)/api/sandbox/race/run-signups'
import { runLane } from './run-lane'
import { setOutage } from './set-outage'

export type Runner = {
  name: string
  answer?: LaneAnswer
  /** The time from the request to the answer, by this browser's clock. */
  waitedMs?: number
}
export type Lanes = Record<'inline' | 'background', Runner[]>
/** `inline` is what comes first inside the request. */
export type Settings = { people: number; inline: Exclude<Way, 'background'>; down: boolean }
export type Phase = 'ready' | 'running' | 'over'

type Race = {
  phase: Phase
  lanes: Lanes
  /** By `performance.now()`. */
  startedAt: number
  /** The outage that this race makes. */
  outage: 'none' | 'on' | 'over'
  /** True when the mail service could not be taken down or repaired. */
  stuck: boolean
}

const READY: Race = { phase: 'ready', lanes: lineUp(1), startedAt: 0, outage: 'none', stuck: false }

export function useRace(): Race & {
  start(settings: Settings): Promise<void>
  /** Returns whether the mail service is repaired. */
  repair(): Promise<boolean>
  clear(): void
} {
  const [race, setRace] = useState(READY)
  const running = useRef(false)
  const down = useRef(false)
  const left = useRef(false)
  const lastCall = useRef<Promise<unknown>>(Promise.resolve())
  const change = (next: Partial<Race>): void => setRace((current) => ({ ...current, ...next }))

  async function start(settings: Settings): Promise<void> {
    if (running.current) return
    running.current = true
    change({ phase: 'running', lanes: lineUp(settings.people), startedAt: performance.now(), stuck: false })
    const ready = await makeWeather(settings.down)
    change({ phase: ready ? 'running' : 'ready', outage: ready && settings.down ? 'on' : 'none' })
    if (ready && !left.current) await run(settings)
    running.current = false
  }

  async function run({ people, inline }: Settings): Promise<void> {
    const startedAt = performance.now()
    change({ startedAt })
    const runIn = (lane: keyof Lanes, way: Way): Promise<void> =>
      runLane(way, people, (answer) => {
        const waitedMs = performance.now() - startedAt
        setRace((current) => ({ ...current, lanes: addAnswer(current.lanes, lane, answer, waitedMs) }))
      })
    await Promise.all([runIn('inline', inline), runIn('background', 'background')])
    change({ phase: 'over' })
  }

  async function makeWeather(bad: boolean): Promise<boolean> {
    // One after the other: they would overtake each other on the way.
    const call = lastCall.current.then(async () => {
      if (left.current) return false
      if (bad) down.current = true
      const changed = await setOutage(bad)
      if (changed && !bad) down.current = false
      // The page was left before the outage started.
      if (bad && !down.current) void setOutage(false)
      return changed
    })
    lastCall.current = call
    const changed = await call
    change({ stuck: !changed })
    return changed
  }

  async function repair(): Promise<boolean> {
    const repaired = await makeWeather(false)
    if (repaired) change({ outage: 'over' })
    return repaired
  }

  /** Resets the race and ends its outage. */
  function clear(): void {
    setRace(READY)
    if (down.current) void makeWeather(false)
  }

  // Other pages use the same mail service, so leaving this page ends its outage.
  useEffect(() => {
    left.current = false
    const leave = (): void => {
      if (!down.current) return
      down.current = false
      setRace((current) => ({ ...current, outage: 'over' }))
      void setOutage(false)
    }
    window.addEventListener('pagehide', leave)
    return () => {
      window.removeEventListener('pagehide', leave)
      left.current = true
      leave()
    }
  }, [])

  return { ...race, start, repair, clear }
}

export function lineUp(people: number): Lanes {
  const runners = PEOPLE.slice(0, people).map((name) => ({ name }))
  return { inline: runners, background: runners }
}

function addAnswer(lanes: Lanes, lane: keyof Lanes, answer: LaneAnswer, waitedMs: number): Lanes {
  const runners = lanes[lane].map((runner, person) =>
    person === answer.person ? { ...runner, answer, waitedMs } : runner,
  )
  return { ...lanes, [lane]: runners }
}
