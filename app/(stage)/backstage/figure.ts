import type { Dot } from '@/app/(stage)/_lib/backstage'
import type { EmailStatus } from '@/lib/status/status'
import type { Place } from './places'

/** A dot of the picture, or a batch. */
export type Figure = {
  status: EmailStatus
  /** More than 1 for a batch. */
  mails: number
  /** The worker that sends it. */
  worker: string | null
  /** The user's first name, in a shared sandbox. */
  name: string | null | undefined
  x: number
  y: number
  /** The room that it takes. */
  size: number
  /** The next place on its way. */
  heading: Place
  /** Its place in the order, and its slot. */
  turn: number
  slot: number | undefined
  /** The request that it joins. It follows the request and disappears there. */
  joins: Figure | undefined
  /** The delay before it sets out, in ms, so that dots which come together do not overlap. */
  delay: number
  /** When it arrived at the end of its way. */
  doneAt: number | undefined
  gone: boolean
}

/** Creates a figure. It is not drawn until it has a slot. */
export function createFigure(
  [, status, mails, worker, name]: Dot,
  heading: Place,
  turn: number,
  delay: number,
): Figure {
  return {
    ...{ status, mails, worker, name, heading, turn, delay, slot: undefined, joins: undefined },
    ...{ x: Number.NaN, y: 0, size: 0, doneAt: undefined, gone: false },
  }
}

/** Orders a queue, which moves up. Mails that wait for a retry come last. */
export function lineUp(figures: Figure[]): void {
  figures.sort((a, b) => Number(a.status === 'retrying') - Number(b.status === 'retrying') || a.turn - b.turn)
  for (const [slot, figure] of figures.entries()) figure.slot = slot
}

/** In other places each dot keeps its slot, and new ones fill the gaps. */
export function takeFreeSlots(figures: Figure[]): void {
  const taken = new Set(figures.map(({ slot }) => slot))
  let free = 0
  for (const figure of figures) {
    if (figure.slot !== undefined) continue
    while (taken.has(free)) free++
    figure.slot = free++
  }
}

export function isBatch({ mails }: Figure): boolean {
  return mails > 1
}

export function isBounced(status: EmailStatus): boolean {
  return status === 'bounced' || status === 'suppressed' || status === 'complained'
}
