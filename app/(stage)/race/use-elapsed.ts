import { useEffect, useState } from 'react'

/** The ms since a value of `performance.now()`, updated in each frame while `running`. */
export function useElapsed(startedAt: number, running: boolean): number {
  const [now, setNow] = useState(0)

  useEffect(() => {
    if (!running) return
    const tick = (): void => {
      setNow(performance.now())
      frame = requestAnimationFrame(tick)
    }
    let frame = requestAnimationFrame(tick)
    return () => cancelAnimationFrame(frame)
  }, [running])

  return Math.max(0, now - startedAt)
}
