import type { EmailStatus } from '@/lib/email/status'
import type { Figure } from './figure'

type Ink = 'ink' | 'accent' | 'good' | 'bad'
type Shape = 'disc' | 'ring' | 'cross'

/** Colour is never the only sign: what tries again is a ring, what came to a bad end a cross. */
const LOOK: Record<EmailStatus, [Ink, Shape]> = {
  queued: ['ink', 'disc'],
  retrying: ['accent', 'ring'],
  sending: ['accent', 'disc'],
  sent: ['good', 'disc'],
  delayed: ['good', 'ring'],
  delivered: ['good', 'disc'],
  bounced: ['bad', 'cross'],
  suppressed: ['bad', 'cross'],
  complained: ['bad', 'cross'],
  failed: ['bad', 'cross'],
}

export type Inks = Record<Ink, string>

/** The colours of the page as they are now, by day or by night. */
export function readInks(element: Element): Inks {
  const style = getComputedStyle(element)
  const read = (ink: Ink): string => style.getPropertyValue(`--${ink}`)
  return { ink: read('ink'), accent: read('accent'), good: read('good'), bad: read('bad') }
}

/** Draws all dots. Those that look alike are one path: a thousand cost little more than one. */
export function drawFigures(context: CanvasRenderingContext2D, figures: Iterable<Figure>, inks: Inks): void {
  const paths = new Map<string, { ink: Ink; shape: Shape; width: number; path: Path2D }>()
  for (const { status, x, y, size, delay } of figures) {
    if (delay > 0 || Number.isNaN(x)) continue
    const [ink, shape] = LOOK[status]
    const width = Math.max(1.5, Math.round(size / 7))
    const key = `${ink} ${shape} ${shape === 'disc' || width}`
    const { path } = paths.get(key) ?? { path: new Path2D() }
    if (!paths.has(key)) paths.set(key, { ink, shape, width, path })
    addFigure(path, shape, x, y, size * 0.4, width)
  }
  for (const { ink, shape, width, path } of paths.values()) {
    context.fillStyle = context.strokeStyle = inks[ink]
    context.lineWidth = width
    if (shape === 'disc') context.fill(path)
    else context.stroke(path)
  }
}

function addFigure(path: Path2D, shape: Shape, x: number, y: number, radius: number, width: number): void {
  if (shape === 'cross') {
    const arm = radius * 0.85
    path.moveTo(x - arm, y - arm)
    path.lineTo(x + arm, y + arm)
    path.moveTo(x - arm, y + arm)
    path.lineTo(x + arm, y - arm)
    return
  }
  const outer = shape === 'ring' ? Math.max(0.5, radius - width / 2) : radius
  path.moveTo(x + outer, y)
  path.arc(x, y, outer, 0, 2 * Math.PI)
}
