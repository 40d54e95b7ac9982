import { useEffect, useState } from 'react'

type Props = { from: string; to: string }

/** "in 4 s", counting down to a moment that the server has set. It speaks to the eye only. */
export function Countdown({ from, to }: Props) {
  const [now, setNow] = useState<number>()

  useEffect(() => {
    const tick = () => setNow(Date.now())
    tick()
    const timer = setInterval(tick, 250)
    return () => clearInterval(timer)
  }, [])

  // The server knows no "now" of the browser's, and a wrong clock must not promise more than the whole pause.
  const longest = Date.parse(to) - Date.parse(from)
  const left = now === undefined ? longest : Math.min(Date.parse(to) - now, longest)
  return <span aria-live="off">{left > 0 ? `in ${Math.ceil(left / 1000)} s` : 'any moment now'}</span>
}
