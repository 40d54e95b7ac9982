import { useEffect, useState } from 'react'

type Props = {
  /** When the pause began. */
  from?: string
  to: string
  after?: string
}

/** Counts down to a time of the server: "in 4 s", "in 12 min". Screen readers do not announce it. */
export function Countdown({ from, to, after = 'any moment now' }: Props) {
  const [now, setNow] = useState<number>()

  useEffect(() => {
    const tick = () => setNow(Date.now())
    tick()
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [])

  // The browser's clock may be wrong. The countdown never shows more than the whole pause.
  const longest = Date.parse(to) - (from ? Date.parse(from) : Date.now())
  const left = now === undefined ? longest : Math.min(Date.parse(to) - now, longest)
  return <span aria-live="off">{left > 0 ? `in ${formatLeft(Math.ceil(left / 1000))}` : after}</span>
}

function formatLeft(seconds: number): string {
  if (seconds <= 600) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`
}
