import type { Dot } from '@/app/(stage)/_lib/backstage'
import type { EmailStatus } from '@/lib/status/status'
import type { Place } from './places'

/** A dot of the picture, or a batch of them, as it is drawn. */
export type Figure = {
  status: EmailStatus
  /** More than one: a batch, which goes as one. */
  mails: number
  /** At whose desk it is sent. */
  worker: string | null
  /** Whose mail it is, if a room takes part. */
  name: string | null | undefined
  x: number
  y: number
  /** The room it takes, and the room it should take. */
  size: number
  /** Where it is going: the next place on its way. */
  heading: Place
  /** Its turn and its slot at that place. */
  turn: number
  slot: number | undefined
  /** The request that it joins: it follows that, and ends there. */
  joins: Figure | undefined
  /** Before it sets out, in ms: those who come together don't walk in one spot. */
  delay: number
  /** Since when it has been at the end of its way. */
  doneAt: number | undefined
  gone: boolean
}

/** It has no place on the canvas until it has a slot. */
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

/** A queue moves up. Those who wait for another try let the others go first. */
export function lineUp(figures: Figure[]): void {
  figures.sort((a, b) => Number(a.status === 'retrying') - Number(b.status === 'retrying') || a.turn - b.turn)
  for (const [slot, figure] of figures.entries()) figure.slot = slot
}

/** Elsewhere everybody keeps their place, and newcomers fill the gaps. */
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
