import type { Inks } from '@/app/(stage)/_lib/canvas'
import type { Scene } from './scene'
import { type Mail, TURN_MS } from './simulate'

/** All measures are px at a type size of 16 px, and grow with it. */
export const HEIGHT = 272
const ROWS = 3
const ROW = 35
const DESK_TOP = 116
const COUNTER_TOP = 192
const COUNTER = 14
const SERVICE = 266
const DESKS = 8
/** In ms: the flight of a mail from the desk to the mail service, and the history in the row of requests. */
const FLIGHT_MS = 350
const MEMORY_MS = 6_000
/** The room of a pile of letters, in tickets. */
const PILE = 4

type Point = { x: number; y: number }
/** Where each ticket was drawn last. */
export type Places = Map<number, Point>
type Context = CanvasRenderingContext2D

type Picture = { width: number; inks: Inks; places: Places; hired: number }

/**
 * Draws the rail, the desks and the mail service.
 * @param ease the share of its way that a ticket goes in this frame, from 0 to 1
 */
export function drawScene(context: Context, scene: Scene, picture: Picture, ease: number): void {
  const { width } = picture
  context.clearRect(0, 0, width, HEIGHT)
  context.lineCap = context.lineJoin = 'round'
  drawRequests(context, scene, picture)
  for (let index = 0; index < DESKS; index++) drawDesk(context, index, scene, picture)
  drawRail(context, scene, picture, ease)
  drawHands(context, scene, picture, ease)
}

function ticketSize(width: number) {
  return width < 560 ? { width: 12, height: 20, pitch: 16 } : { width: 17, height: 25, pitch: 23 }
}

function drawRail(context: Context, { waiting }: Scene, picture: Picture, ease: number): void {
  const { width, inks } = picture
  const { pitch } = ticketSize(width)
  const columns = Math.floor((width + 4) / pitch)
  // The last places show how many more tickets there are.
  const room = columns * ROWS - PILE
  const placeAt = (slot: number): Point => ({
    x: (slot % columns) * pitch + 2,
    y: Math.floor(slot / columns) * ROW + 8,
  })
  let slot = 0
  let shown = 0
  for (const piece of toPieces(waiting)) {
    const isPile = typeof piece === 'number'
    if (isPile && (slot % columns) + PILE > columns) slot += columns - (slot % columns)
    const end = slot + (isPile ? PILE : 1)
    if (end > room) break
    if (isPile) drawPile(context, placeAt(slot), piece, picture)
    else drawWaiting(context, placeAt(slot), piece, picture, ease)
    shown += isPile ? piece : 1
    slot = end
  }
  const rows = Math.max(1, Math.ceil(slot / columns))
  context.strokeStyle = inks.ink
  context.lineWidth = 4
  for (let row = 0; row < rows; row++) {
    context.beginPath()
    context.moveTo(2, row * ROW + 6)
    context.lineTo(width - 2, row * ROW + 6)
    context.stroke()
  }
  const more = waiting.length - shown
  if (more > 0)
    write(context, `+${(more).toLocaleString('en')}`, { x: width - 2, y: ROWS * ROW - 6 }, inks, 'right')
}

/** The pieces on the rail: tickets, and the number of letters in a row. */
function toPieces(waiting: Mail[]): (Mail | number)[] {
  const pieces: (Mail | number)[] = []
  for (const mail of waiting) {
    const last = pieces.at(-1)
    if (mail.kind === 'welcome') pieces.push(mail)
    else if (typeof last === 'number') pieces[pieces.length - 1] = last + 1
    else pieces.push(1)
  }
  return pieces
}

/** Draws a waiting ticket. It drops in from above and moves up with the line. */
function drawWaiting(context: Context, place: Point, mail: Mail, picture: Picture, ease: number): void {
  const last = picture.places.get(mail.id)
  // A ticket that changes to the other rail jumps.
  const jumps = last && last.y !== place.y && Math.abs(last.x - place.x) > picture.width / 2
  const point = move(picture.places, mail, { x: place.x, y: -40 }, place, jumps ? 1 : ease)
  drawTicket(context, point, mail, 'ink', picture)
}

/** Draws the tickets that a worker holds, or that fly to the mail service. */
function drawHands(context: Context, { requests, now }: Scene, picture: Picture, ease: number): void {
  const { width, places } = picture
  const size = ticketSize(width)
  for (const request of requests) {
    const gone = (now - request.sentAt) / FLIGHT_MS
    if (gone >= 1) {
      // Older requests were forgotten in an earlier frame.
      if (gone < 4) for (const { id } of request.mails) places.delete(id)
      continue
    }
    const desk = deskAt(request.worker, width)
    const target = {
      x: desk.x + desk.width * 0.5 - size.width,
      y: COUNTER_TOP - size.height - 2 + Math.max(0, gone) * 44,
    }
    context.globalAlpha = 1 - Math.max(0, gone)
    const welcomes = request.mails.filter(({ kind }) => kind === 'welcome')
    for (const mail of welcomes) {
      const from = { x: target.x, y: target.y }
      drawTicket(context, move(places, mail, from, target, gone > 0 ? 1 : ease), mail, 'accent', picture)
    }
    if (welcomes.length === 0) drawLetter(context, target, picture)
    if (request.mails.length > 1 && gone <= 0) {
      const count = { x: target.x + size.width / 2, y: target.y - 12 }
      write(context, request.mails.length.toLocaleString('en'), count, picture.inks, 'center')
    }
    context.globalAlpha = 1
  }
}

function move(places: Places, { id }: Mail, from: Point, to: Point, ease: number): Point {
  const last = places.get(id) ?? (ease === 1 ? to : from)
  const point = { x: last.x + (to.x - last.x) * ease, y: last.y + (to.y - last.y) * ease }
  places.set(id, point)
  return point
}

function deskAt(index: number, width: number): { x: number; width: number } {
  const slot = width / DESKS
  return { x: slot * (index + 0.5), width: Math.min(slot * 0.78, 92) }
}

/** Draws a worker at a desk: dark with its progress while it sends, pale while it cannot. */
function drawDesk(context: Context, index: number, { shop, requests, now }: Scene, picture: Picture): void {
  const { width, inks, hired } = picture
  const desk = deskAt(index, width)
  const left = desk.x - desk.width / 2
  const request = requests.findLast(({ worker, sentAt }) => worker === index && sentAt > now)
  const present = index < shop.workers || request

  context.lineWidth = 2
  context.strokeStyle = index < hired || request ? inks.ink : inks.line
  context.strokeRect(left + 1, COUNTER_TOP + 1, desk.width - 2, COUNTER - 2)
  if (!present) return

  const small = desk.width < 60
  const x = small ? desk.x - 6 : desk.x - 10
  context.fillStyle = context.strokeStyle = request ? inks.ink : inks.muted
  context.beginPath()
  context.arc(x, DESK_TOP + 17, small ? 7 : 10, 0, 2 * Math.PI)
  context.fill()
  context.lineWidth = small ? 15 : 22
  context.beginPath()
  context.moveTo(x, DESK_TOP + (small ? 37 : 44))
  context.lineTo(x, COUNTER_TOP - (small ? 12 : 14))
  context.stroke()
  if (!request) return

  // An arm to the ticket.
  context.lineWidth = small ? 5 : 8
  context.beginPath()
  context.moveTo(x + (small ? 5 : 7), DESK_TOP + (small ? 36 : 42))
  context.lineTo(x + (small ? 9 : 18), DESK_TOP + 62)
  context.lineTo(desk.x + desk.width / 2 - (small ? 12 : 20), DESK_TOP + 58)
  context.stroke()
  context.fillStyle = inks.accent
  const done = (now - request.at) / (request.sentAt - request.at)
  context.fillRect(left + 2, COUNTER_TOP + 2, (desk.width - 4) * done, COUNTER - 4)
}

/** Draws the last seconds at the mail service: a slot for each tenth of a second, with a bar for its request. */
function drawRequests(context: Context, { requests, now }: Scene, picture: Picture): void {
  const { width, inks } = picture
  const turns = MEMORY_MS / TURN_MS
  const pitch = width / turns
  const bar = pitch * 0.62
  const xAt = (at: number): number => width - ((now - at) / TURN_MS) * pitch - bar
  context.fillStyle = inks.line
  for (let turn = 0; turn <= turns; turn++) {
    context.fillRect(width - turn * pitch - bar - ((now / TURN_MS) % 1) * pitch, SERVICE - 4, bar, 4)
  }
  context.fillStyle = inks.good
  for (const { sentAt, mails } of requests.filter(
    ({ sentAt }) => sentAt <= now && now - sentAt < MEMORY_MS,
  )) {
    // A bar grows by 15 px when its request has ten times as many mails.
    const height = 12 + 15 * Math.log10(mails.length)
    context.fillRect(xAt(sentAt), SERVICE - height, bar, height)
  }
}

/** Draws a ticket: dark while it waits, coloured while it is sent, filled if it is the reader's own. */
function drawTicket(
  context: Context,
  point: Point,
  { id }: Mail,
  tone: 'ink' | 'accent',
  { inks, width }: Picture,
): void {
  drawPaper(context, point, ticketSize(width), id > 0 ? inks[tone] : inks.paper, inks[tone])
}

function drawLetter(context: Context, point: Point, { inks, width }: Picture): void {
  drawPaper(context, point, ticketSize(width), inks.line, inks.accent)
}

function drawPile(context: Context, { x, y }: Point, count: number, { inks, width }: Picture): void {
  const size = ticketSize(width)
  const pile = { width: size.pitch * PILE - 12, height: size.height }
  for (const offset of [6, 3, 0])
    drawPaper(context, { x: x + offset, y: y + offset / 2 }, pile, inks.line, inks.ink)
  write(
    context,
    count.toLocaleString('en'),
    { x: x + pile.width / 2, y: y + pile.height / 2 - 1 },
    inks,
    'center',
  )
}

type Size = { width: number; height: number }

/** Draws the paper of a ticket, torn off at the bottom. */
function drawPaper(
  context: Context,
  { x, y }: Point,
  { width, height }: Size,
  fill: string,
  ink: string,
): void {
  context.beginPath()
  context.moveTo(x, y)
  context.lineTo(x + width, y)
  context.lineTo(x + width, y + height)
  for (let tooth = 1; tooth <= 4; tooth++)
    context.lineTo(x + width - (width * tooth) / 4, y + height - (tooth % 2 ? 4 : 0))
  context.closePath()
  context.fillStyle = fill
  context.fill()
  context.strokeStyle = ink
  context.lineWidth = 2
  context.stroke()
}

function write(context: Context, text: string, { x, y }: Point, inks: Inks, align: CanvasTextAlign): void {
  context.font = `600 15px ${inks.font}`
  context.fillStyle = inks.ink
  context.textAlign = align
  context.textBaseline = 'middle'
  context.fillText(text, x, y)
}
