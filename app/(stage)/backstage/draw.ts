import type { Inks } from '@/app/(stage)/_lib/canvas'
import { formatCount } from '@/app/components/site/figures'
import type { EmailStatus } from '@/lib/status/status'
import type { Crowd } from './crowd'
import { type Figure, isBatch } from './figure'
import { LOOKS, type Shape } from './looks'
import type { Pile } from './pile'
import { type Area, DOT } from './places'

/** The smallest type that the back row can read, in px. */
const SMALLEST_TYPE = 20
const LARGEST_TYPE = 52
/** A name, in px: the size of its type, the least width for it, and how far it lifts its dot. */
const NAME = { type: 17, room: 52, lift: 8 }

export function drawCrowd(context: CanvasRenderingContext2D, crowd: Crowd, inks: Inks): void {
  const figures = [...crowd.figures.values()].filter(
    ({ delay, joins, x }) => (joins || delay <= 0) && !Number.isNaN(x),
  )
  if (crowd.areas) drawPile(context, crowd.pile, crowd.areas.queue, inks)
  drawDots(
    context,
    figures.filter((figure) => !isBatch(figure)),
    inks,
  )
  drawNames(context, figures.filter(showsName), inks)
  for (const batch of figures.filter(isBatch)) drawBatch(context, batch, inks)
}

/** Draws under each dot as much of its name as fits. */
function drawNames(context: CanvasRenderingContext2D, figures: Figure[], inks: Inks): void {
  context.font = `600 ${NAME.type}px ${inks.font}`
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  context.fillStyle = inks.ink
  for (const { name, x, y, size } of figures) {
    const letters = [...`${name}`]
    let text = letters.join('')
    while (letters.length > 1 && context.measureText(text).width > size - 2) {
      letters.pop()
      text = `${letters.join('')}…`
    }
    context.fillText(text, x, y + NAME.lift + NAME.type - 2)
  }
}

// Only a single mail shows its name.
function showsName({ name, size, mails, joins }: Figure): boolean {
  return Boolean(name) && size > NAME.room && mails === 1 && !joins
}

// Dots with the same look are one path, because many paths are slow.
function drawDots(context: CanvasRenderingContext2D, dots: Figure[], inks: Inks): void {
  const paths = new Map<string, { status: EmailStatus; width: number; path: Path2D }>()
  for (const dot of dots) {
    const { status, x, size } = dot
    const y = showsName(dot) ? dot.y - NAME.lift : dot.y
    const { tone, shape } = LOOKS[status]
    const room = Math.min(size, DOT)
    const width = Math.max(1.5, Math.round(room / 7))
    const key = `${tone} ${shape} ${shape === 'disc' || width}`
    const { path } = paths.get(key) ?? { path: new Path2D() }
    if (!paths.has(key)) paths.set(key, { status, width, path })
    addDot(path, shape, x, y, room * 0.4, width)
  }
  for (const { status, width, path } of paths.values()) {
    const { tone, shape } = LOOKS[status]
    context.fillStyle = context.strokeStyle = inks[tone]
    context.lineWidth = width
    if (shape === 'disc') context.fill(path)
    else context.stroke(path)
  }
}

function addDot(path: Path2D, shape: Shape, x: number, y: number, radius: number, width: number): void {
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

/** Draws a batch as a block with its number of mails, and the edges of more blocks behind it. */
function drawBatch(
  context: CanvasRenderingContext2D,
  { status, mails, x, y, size }: Figure,
  inks: Inks,
): void {
  // A larger batch is a larger block.
  const side = size * 0.78 * Math.min(1, 0.6 + 0.2 * Math.log10(mails))
  const left = x - side / 2 - size * 0.04
  const top = y - side / 2 + size * 0.04
  context.fillStyle = inks[LOOKS[status].tone]
  for (const [step, alpha] of [
    [0.08, 0.35],
    [0.04, 0.6],
    [0, 1],
  ] as const) {
    context.globalAlpha = alpha
    context.beginPath()
    context.roundRect(left + step * size, top - step * size, side, side, size * 0.06)
    context.fill()
  }
  write(context, `${mails}`, { x: left, y: top, width: side, height: side }, inks)
}

function drawPile(context: CanvasRenderingContext2D, pile: Pile, area: Area, inks: Inks): void {
  const { waiting, retrying } = pile.shown
  const total = waiting + retrying
  if (total < 1) return
  let bottom = area.y + area.height
  for (const [count, status] of [
    [waiting, 'queued'],
    [retrying, 'retrying'],
  ] as const) {
    const height = (area.height * pile.share * count) / total
    bottom -= height
    const layer = { ...area, y: bottom, height }
    context.fillStyle = inks[LOOKS[status].tone]
    context.fillRect(layer.x, layer.y, layer.width, layer.height)
    write(context, formatCount(Math.round(count)), layer, inks)
  }
}

/** Writes a number in the middle of a box, if it fits. */
function write(
  context: CanvasRenderingContext2D,
  text: string,
  { x, y, width, height }: Omit<Area, 'from'>,
  inks: Inks,
): void {
  const size = Math.min(
    LARGEST_TYPE,
    Math.max(SMALLEST_TYPE, Math.min(width / (0.75 * text.length), height * 0.6)),
  )
  if (height < size || width < 0.58 * text.length * size) return
  context.font = `700 ${size}px ${inks.font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillStyle = inks.paper
  context.fillText(text, x + width / 2, y + height / 2 + size * 0.05)
}
