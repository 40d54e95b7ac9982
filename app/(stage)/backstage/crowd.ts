import type { Dot } from '@/app/(stage)/_lib/backstage'
import type { BackstageMessage } from '@/app/(stage)/_lib/stream'
import { createFigure, type Figure, isBatch, isBounced, lineUp, takeFreeSlots } from './figure'
import { Pile } from './pile'
import {
  type Area,
  type Areas,
  BATCH,
  DOT,
  NAMED,
  nextPlace,
  PLACES,
  type Place,
  placeOf,
  slotAt,
  spacing,
} from './places'

const STAGGER_MS = 8
const LONGEST_DELAY_MS = 900
/** The time for two thirds of the way. */
const EASE_MS = 110
/** A dot has arrived at this distance, in px. */
const NEAR = 14
/** The distance at which a click still meets a dot, in px. */
const LEAST_TOUCH = 12
/** How long a finished dot stays. A batch stays for less, because many may follow. A bounce stays longest. */
const STAY_MS = 5_000
const STAY_BATCH_MS = 2_500
const STAY_BOUNCED_MS = 20_000

/** The part of a message that the picture needs. */
export type News = Pick<BackstageMessage, 'now' | 'dots' | 'come' | 'moves' | 'gone'>

/** All dots of the picture, with their places and their goals. Independent of the page. */
export class Crowd {
  readonly figures = new Map<string, Figure>()
  readonly pile = new Pile()
  areas: Areas | undefined
  /** Called when the picture has to be drawn again. */
  onChange = (): void => {}
  private rooms = new Map<string, number>()
  private turns = 0

  /** Applies a message. Dots that it does not mention stay as they are. */
  update({ now, dots, come = [], moves = [], gone = [] }: News): void {
    if (now) this.pile.set(now)
    if (dots) {
      const present = new Set(dots.map(([id]) => id))
      for (const [id, figure] of this.figures) if (!present.has(id)) figure.gone ||= figure.heading !== 'done'
    }
    const leaving = gone.flatMap((id) => this.figures.get(id) ?? [])
    for (const [index, dot] of come.entries()) {
      this.welcome(dot, leaving, Math.min(index * STAGGER_MS, LONGEST_DELAY_MS))
    }
    for (const dot of moves) this.redirect(dot)
    for (const dot of dots ?? []) {
      // It was under way before the page was opened, so it appears at its place.
      if (!this.figures.has(dot[0])) this.add(dot, placeOf(dot[1]))
      else this.redirect(dot)
    }
    const requests = come.filter(isRequest).flatMap(([id]) => this.figures.get(id) ?? [])
    this.dismiss(leaving, requests)
    this.arrange()
    this.onChange()
  }

  setAreas(areas: Areas): void {
    this.areas = areas
    this.arrange()
    this.onChange()
  }

  /** Whether this worker is still sending. */
  isAtDesk(worker: string): boolean {
    return [...this.figures.values()].some(
      (figure) => figure.heading === 'worker' && figure.worker === worker,
    )
  }

  /** The id of the single mail at a point of the picture, as its dot has it. */
  findAt(x: number, y: number): string | undefined {
    const [id] =
      [...this.figures].find(([id, figure]) => {
        const distance = Math.hypot(figure.x - x, figure.y - y)
        return !id.startsWith('request') && distance <= Math.max(figure.size / 2, LEAST_TOUCH)
      }) ?? []
    return id
  }

  /**
   * Moves all dots.
   * @param ms since the last step
   * @param now the time in ms
   * @returns whether there is more to come
   */
  step(ms: number, now: number): boolean {
    if (!this.areas) return false
    const share = 1 - Math.exp(-ms / EASE_MS)
    let busy = this.pile.step(ms)
    let moved = false
    for (const figure of this.figures.values()) {
      if (figure.delay > 0) {
        figure.delay -= ms
        busy = true
        continue
      }
      const room = this.roomOf(figure)
      const target = figure.joins ?? slotAt(this.areaOf(figure), figure.slot ?? 0, room)
      const size = figure.gone ? 0 : room
      const dx = target.x - figure.x
      const dy = target.y - figure.y
      figure.x += dx * share
      figure.y += dy * share
      figure.size += (size - figure.size) * share
      const distance = Math.abs(dx) + Math.abs(dy)
      const goal = placeOf(figure.status)
      if (figure.joins) figure.gone ||= distance < NEAR
      else if (figure.heading !== goal && distance < NEAR) {
        this.head(figure, nextPlace(figure.heading, goal))
        moved = true
      }
      if (distance > 0.2 || Math.abs(size - figure.size) > 0.1) busy = true
    }
    const left = this.clear(now)
    if (moved || left) this.arrange()
    return busy || moved || this.isAnybodyDone()
  }

  /** Like `step`, for reduced motion: each dot is at its goal at once. */
  jump(now: number): boolean {
    if (!this.areas) return false
    this.pile.step(Number.POSITIVE_INFINITY)
    for (const figure of this.figures.values()) {
      figure.delay = 0
      const goal = placeOf(figure.status)
      if (figure.heading !== goal) this.head(figure, goal)
      if (figure.joins) figure.gone = true
      if (figure.gone) figure.size = 0
    }
    this.clear(now)
    this.arrange()
    for (const figure of this.figures.values()) {
      figure.size = this.roomOf(figure)
      Object.assign(figure, slotAt(this.areaOf(figure), figure.slot ?? 0, figure.size))
    }
    return this.isAnybodyDone()
  }

  private isAnybodyDone(): boolean {
    return [...this.figures.values()].some(({ heading }) => heading === 'done')
  }

  /** Removes dots that have been finished for a while. Returns whether it removed any. */
  private clear(now: number): boolean {
    let left = false
    for (const [id, figure] of this.figures) {
      if (figure.heading !== 'done') figure.doneAt = undefined
      else {
        figure.doneAt ??= now
        const stay = isBounced(figure.status) ? STAY_BOUNCED_MS : isBatch(figure) ? STAY_BATCH_MS : STAY_MS
        if (now - figure.doneAt > stay) figure.gone = true
      }
      if (figure.gone && figure.size < 0.5) left = this.figures.delete(id)
    }
    return left
  }

  /** Adds a new dot: at the start, or at the place of a dot that leaves at the same moment. */
  private welcome(dot: Dot, leaving: Figure[], delay: number): void {
    const [, status] = dot
    const from = this.findStart(dot, leaving)
    if (from) this.add(dot, status === 'sent' ? 'worker' : placeOf(status), from)
    else this.add(dot, 'signup', undefined, delay)
  }

  private findStart(dot: Dot, leaving: Figure[]): Point | undefined {
    const [, status, mails] = dot
    // Rejected or bounced mail comes back from the gate.
    if (status === 'retrying' || isBounced(status)) return this.startOf('gate')
    if (status === 'failed') return this.startOf('worker')
    if (!isRequest(dot)) return
    // A worker takes over the batch of a dead one.
    const same = leaving.find((figure) => figure.heading === 'worker' && figure.mails === mails)
    const next = leaving.find(({ heading }) => heading === 'queue')
    return same ?? next ?? (mails > 1 ? this.startOf('queue') : undefined)
  }

  private startOf(place: Place): Point | undefined {
    return this.areas && slotAt(this.areas[place], 0, DOT)
  }

  private add(dot: Dot, place: Place, from?: Point, delay = 0): void {
    const figure = createFigure(dot, place, ++this.turns, delay)
    if (from) Object.assign(figure, { x: from.x, y: from.y })
    this.figures.set(dot[0], figure)
  }

  private redirect([id, status, mails, worker]: Dot): void {
    const figure = this.figures.get(id)
    if (!figure) return
    const isElsewhere = worker !== null && worker !== figure.worker
    // A sent request keeps its desk until it has left.
    Object.assign(figure, { status, worker: worker ?? figure.worker, gone: false, doneAt: undefined })
    // Mails that are reported delivered early still belong to the request.
    figure.mails = Math.max(figure.mails, mails)
    const goal = placeOf(status)
    if (isElsewhere) figure.slot = undefined
    // A standing dot sets out now. A moving dot changes direction at the next place.
    if (figure.heading !== goal && PLACES.indexOf(figure.heading) >= PLACES.indexOf('queue')) {
      this.head(figure, nextPlace(figure.heading, goal))
    }
  }

  /** Dots that leave the queue join the new requests. The others disappear. */
  private dismiss(leaving: Figure[], requests: Figure[]): void {
    const seats = requests.flatMap((request) => Array<Figure>(request.mails).fill(request))
    for (const [index, figure] of leaving.entries()) {
      if (figure.heading === 'queue') figure.joins = seats.pop()
      if (figure.joins) figure.delay = Math.min(index, 100) * 2
      else figure.gone = true
    }
  }

  private head(figure: Figure, place: Place): void {
    figure.heading = place
    figure.turn = ++this.turns
    figure.slot = undefined
  }

  private areaOf({ heading, worker }: Figure): Area {
    const areas = this.areas as Areas
    return (heading === 'worker' && worker && areas.desks.get(worker)) || areas[heading]
  }

  private roomOf(figure: Figure): number {
    return this.rooms.get(spotOf(figure)) ?? 1
  }

  /** Gives each dot a slot at its goal. */
  private arrange(): void {
    if (!this.areas) return
    const spots = new Map<string, Figure[]>()
    for (const figure of this.figures.values()) {
      if (figure.joins) continue
      const spot = spotOf(figure)
      spots.set(spot, spots.get(spot) ?? [])
      spots.get(spot)?.push(figure)
    }
    for (const [spot, here] of spots) {
      const [one] = here as [Figure]
      const area = this.areaOf(one)
      if (spot === 'gate') for (const figure of here) figure.slot = 0
      else if (spot === 'queue') lineUp(here)
      else takeFreeSlots(here)
      const slots = here.reduce((most, { slot = 0 }) => Math.max(most, slot + 1), 0)
      const most = here.some(({ name }) => name) ? NAMED : here.some(isBatch) ? BATCH : DOT
      const room = spacing(area, slots, most)
      this.rooms.set(spot, room)
      for (const figure of here) {
        if (Number.isNaN(figure.x)) Object.assign(figure, slotAt(area, figure.slot ?? 0, room))
      }
    }
  }
}

type Point = { x: number; y: number }

function isRequest([, status]: Dot): boolean {
  return status === 'sending' || status === 'sent'
}

/** Dots with the same spot share its room. */
function spotOf({ heading, worker }: Figure): string {
  return heading === 'worker' ? `worker ${worker}` : heading
}
