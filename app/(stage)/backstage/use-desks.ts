import { useEffect, useState } from 'react'
import type { Crowd } from './crowd'

/** The desk of a worker. */
export type Desk = {
  /** Process id@computer. */
  name: string
  /** Since when nobody sits there, in ms. */
  darkSince?: number
  /** It is about to be carried away. */
  leaving?: boolean
}

/** The desk of somebody who has gone stays for a while, and as long as there is something on it. */
const DARK_MS = 5_000
const TICK_MS = 600

/** A desk for each worker, in the order in which they came. */
export function useDesks(workers: string[] | undefined, crowd: Crowd): Desk[] {
  const [desks, setDesks] = useState<Desk[]>([])
  const isAnyDark = desks.some(({ darkSince }) => darkSince)

  useEffect(() => {
    if (!workers) return
    setDesks((before) => {
      const known = before.map(({ name }) => name)
      const stay = before.map((desk) =>
        workers.includes(desk.name) ? { name: desk.name } : { darkSince: Date.now(), ...desk },
      )
      return [...stay, ...workers.filter((name) => !known.includes(name)).map((name) => ({ name }))]
    })
  }, [workers])

  useEffect(() => {
    if (!isAnyDark) return
    const timer = setInterval(() => {
      const isOver = ({ name, darkSince }: Desk): boolean =>
        darkSince !== undefined && Date.now() - darkSince > DARK_MS && !crowd.isAtDesk(name)
      setDesks((before) =>
        before
          .filter(({ leaving }) => !leaving)
          .map((desk) => (isOver(desk) ? { ...desk, leaving: true } : desk)),
      )
    }, TICK_MS)
    return () => clearInterval(timer)
  }, [isAnyDark, crowd])

  return desks
}
