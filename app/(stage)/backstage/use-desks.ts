import { useEffect, useState } from 'react'
import type { Crowd } from './crowd'

export type Desk = {
  /** Process id@computer. */
  name: string
  /** When its worker was last alive, in ms. Absent while the worker is alive. */
  darkSince?: number
  /** True while it fades out. */
  leaving?: boolean
}

/** The desk of a dead worker stays for this time, and while it has a request. */
const DARK_MS = 5_000
const TICK_MS = 600

/** A desk for each worker, in the order of their start. */
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
