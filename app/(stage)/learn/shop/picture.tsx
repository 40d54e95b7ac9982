import { type RefObject, useEffect, useRef } from 'react'
import { type Inks, keepSharp } from '@/app/(stage)/_lib/canvas'
import { drawScene, HEIGHT, type Places } from './draw'
import type { Scene } from './scene'

/** A ticket goes most of the way to its place in this time. */
const EASE_MS = 90
/** The time between two frames under prefers-reduced-motion. */
const STILL_MS = 500

type Props = {
  /** Receives the function that draws a scene. */
  drawRef: RefObject<(scene: Scene) => void>
  /** The scene to draw at first, and when the window changes. */
  scene: Scene
  hired: number
}

/** The rail, the desks and the mail service. The numbers beside it say the same to screen readers. */
export function Picture({ drawRef, scene, hired }: Props) {
  const canvasRef = useRef<HTMLCanvasElement>(null)
  const latest = useRef({ scene, hired })
  latest.current = { scene, hired }

  useEffect(() => {
    const canvas = canvasRef.current
    const context = canvas?.getContext('2d')
    if (!canvas || !context) return
    const still = window.matchMedia('(prefers-reduced-motion: reduce)')
    const places: Places = new Map()
    let inks: Inks
    let width = 0
    let last = { now: 0, stillAt: -STILL_MS }

    function draw(scene: Scene, anew = false): void {
      if (!context || width === 0) return
      const ease = still.matches || anew ? 1 : 1 - Math.exp((last.now - scene.now) / EASE_MS)
      if (still.matches && !anew && scene.now - last.stillAt < STILL_MS) return
      last = { now: scene.now, stillAt: scene.now }
      drawScene(context, scene, { width, inks, places, hired: latest.current.hired }, ease)
    }

    drawRef.current = draw
    const stop = keepSharp(
      canvas,
      (height) => height / HEIGHT,
      (nextInks, nextWidth) => {
        inks = nextInks
        width = nextWidth
        draw(latest.current.scene, true)
      },
    )
    return () => {
      stop()
      drawRef.current = () => {}
    }
  }, [drawRef])

  // biome-ignore lint/correctness/useExhaustiveDependencies: draws when a desk is added or removed
  useEffect(() => drawRef.current(latest.current.scene), [hired, drawRef])

  return <canvas ref={canvasRef} aria-hidden className="h-68 stage:h-58 w-full font-mono" />
}
