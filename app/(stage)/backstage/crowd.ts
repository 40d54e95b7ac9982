import type { BackstageMessage } from '@/app/(stage)/_lib/stream'
import type { EmailStatus } from '@/lib/email/status'
import { createFigure, type Figure, isBounced, lineUp, takeFreeSlots } from './figure'
import { type Area, nextPlace, PLACES, type Place, placeOf, slotAt, spacing } from './places'

export type Areas = Record<Place, Area>

const STAGGER_MS = 8
const LONGEST_DELAY_MS = 900
/** How long it takes to go two thirds of the way. */
const EASE_MS = 110
/** How near is near enough to go on, in px. */
const NEAR = 14
/** What is done stays for a while. What came back stays longer, for there is something to see. */
const STAY_MS = 5_000
const STAY_BOUNCED_MS = 20_000

/** All dots of the picture. It knows where they are and where they are going, and nothing of the page. */
export class Crowd {
  readonly figures = new Map<string, Figure>()
  /** Called when there is something to draw. */
  onChange = (): void => {}
  private areas: Areas | undefined
  private spacings = new Map<Place, number>()
  private turns = 0

  /** Takes in what the server says. Everything that it does not mention stays as it is. */
  tell({ dots, come, moves, gone }: BackstageMessage): void {
    if (dots) {
      const present = new Set(dots.map(([id]) => id))
      for (const [id, figure] of this.figures) if (!present.has(id)) figure.gone ||= figure.heading !== 'done'
    }
    for (const [index, [id, status]] of (come ?? []).entries()) {
      this.add(id, status, 'signup', Math.min(index * STAGGER_MS, LONGEST_DELAY_MS))
    }
    for (const [id, status] of moves ?? []) this.redirect(id, status)
    for (const [id, status] of dots ?? []) {
      // It was under way before the page was opened.
      if (!this.figures.has(id)) this.add(id, status, placeOf(status))
      else this.redirect(id, status)
    }
    for (const id of gone ?? []) {
      const figure = this.figures.get(id)
      if (figure) figure.gone = true
    }
    this.arrange()
    this.onChange()
  }

  setAreas(areas: Areas): void {
    this.areas = areas
    this.arrange()
    this.onChange()
  }

  /**
   * Moves everything on.
   * @param ms since the last step
   * @param now the time in ms
   * @returns whether there is more to come
   */
  step(ms: number, now: number): boolean {
    const { areas } = this
    if (!areas) return false
    const share = 1 - Math.exp(-ms / EASE_MS)
    let busy = false
    let moved = false
    for (const figure of this.figures.values()) {
      if (figure.delay > 0) {
        figure.delay -= ms
        busy = true
        continue
      }
      const room = this.spacings.get(figure.heading) ?? 1
      const target = slotAt(areas[figure.heading], figure.slot ?? 0, room)
      const size = figure.gone ? 0 : room
      const dx = target.x - figure.x
      const dy = target.y - figure.y
      figure.x += dx * share
      figure.y += dy * share
      figure.size += (size - figure.size) * share
      const distance = Math.abs(dx) + Math.abs(dy)
      const goal = placeOf(figure.status)
      if (figure.heading !== goal && distance < NEAR) {
        this.head(figure, nextPlace(figure.heading, goal))
        moved = true
      }
      if (distance > 0.2 || Math.abs(size - figure.size) > 0.1) busy = true
    }
    const left = this.clear(now)
    if (moved || left) this.arrange()
    return busy || moved || this.isAnybody('done')
  }

  /** The same without a way in between: everybody is at once where they are going. */
  jump(now: number): boolean {
    if (!this.areas) return false
    for (const figure of this.figures.values()) {
      figure.delay = 0
      const goal = placeOf(figure.status)
      if (figure.heading !== goal) this.head(figure, goal)
      if (figure.gone) figure.size = 0
    }
    this.clear(now)
    this.arrange()
    for (const figure of this.figures.values()) {
      figure.size = this.spacings.get(figure.heading) ?? 0
      Object.assign(figure, slotAt(this.areas[figure.heading], figure.slot ?? 0, figure.size))
    }
    return this.isAnybody('done')
  }

  private isAnybody(place: Place): boolean {
    return [...this.figures.values()].some(({ heading }) => heading === place)
  }

  /** Lets those go home who have been done for a while. Returns whether anybody has left. */
  private clear(now: number): boolean {
    let left = false
    for (const [id, figure] of this.figures) {
      if (figure.heading !== 'done') figure.doneAt = undefined
      else {
        figure.doneAt ??= now
        if (now - figure.doneAt > (isBounced(figure.status) ? STAY_BOUNCED_MS : STAY_MS)) figure.gone = true
      }
      if (figure.gone && figure.size < 0.5) left = this.figures.delete(id)
    }
    return left
  }

  private add(id: string, status: EmailStatus, place: Place, delay = 0): void {
    this.figures.set(id, createFigure(status, place, ++this.turns, delay))
  }

  private redirect(id: string, status: EmailStatus): void {
    const figure = this.figures.get(id)
    if (!figure) return
    figure.status = status
    figure.gone = false
    figure.doneAt = undefined
    const goal = placeOf(status)
    // Whoever stands still sets out; whoever is on the way decides at the next place.
    if (figure.heading !== goal && PLACES.indexOf(figure.heading) >= PLACES.indexOf('queue')) {
      this.head(figure, nextPlace(figure.heading, goal))
    }
  }

  private head(figure: Figure, place: Place): void {
    figure.heading = place
    figure.turn = ++this.turns
    figure.slot = undefined
  }

  /** Gives everybody a slot at the place where they are going. */
  private arrange(): void {
    if (!this.areas) return
    for (const place of PLACES) {
      const here = [...this.figures.values()].filter(({ heading }) => heading === place)
      if (place === 'queue') lineUp(here)
      else takeFreeSlots(here)
      const slots = here.reduce((most, { slot = 0 }) => Math.max(most, slot + 1), 0)
      const room = spacing(this.areas[place], slots)
      this.spacings.set(place, room)
      for (const figure of here) {
        if (Number.isNaN(figure.x)) Object.assign(figure, slotAt(this.areas[place], figure.slot ?? 0, room))
      }
    }
  }
}
