import type { EmailStatus } from '@/lib/status/status'

/** The places of a dot, in the order of the path. The last place is off the path. */
export const PLACES = ['signup', 'reply', 'queue', 'worker', 'gate', 'done', 'givenUp'] as const
export type Place = (typeof PLACES)[number]

const PLACE_OF: Record<EmailStatus, Place> = {
  queued: 'queue',
  retrying: 'queue',
  sending: 'worker',
  sent: 'done',
  delayed: 'done',
  delivered: 'done',
  bounced: 'done',
  suppressed: 'done',
  complained: 'done',
  failed: 'givenUp',
}

export function placeOf(status: EmailStatus): Place {
  return PLACE_OF[status]
}

/** The next place on the way to another. The way forward passes queue, worker and gate. The way back is direct. */
export function nextPlace(from: Place, to: Place): Place {
  const here = PLACES.indexOf(from)
  const end = to === 'givenUp' ? PLACES.indexOf('worker') : PLACES.indexOf(to)
  if (from === 'givenUp' && to !== 'givenUp') return 'queue'
  if (here < end) return PLACES[here + 1] ?? to
  return to
}

export type Area = { x: number; y: number; width: number; height: number; from: 'left' | 'right' }

/** The areas of all places, and of each worker's desk. */
export type Areas = Record<Place, Area> & { desks: Map<string, Area> }

const ROWS = 4

/** The area of a desk among `count`, in shares of the workers' room. Desks fill a column from the bottom up. */
export function deskAt(index: number, count: number): Omit<Area, 'from'> {
  const rows = Math.min(Math.max(count, 2), ROWS)
  const columns = Math.ceil(count / rows)
  return {
    x: Math.floor(index / rows) / columns,
    y: 1 - ((index % rows) + 1) / rows,
    width: 1 / columns,
    height: 1 / rows,
  }
}

/** Distances in px. There are few, so that a growing crowd is seldom arranged again. The first are for batches. */
const SPACINGS = [96, 76, 64, 54, 40, 30, 22, 16, 12, 9, 6.5, 5, 4, 3]
/** The largest distance for a dot, for a dot with a name, and for a batch. */
export const DOT = 40
export const NAMED = 96
export const BATCH = 76

/** The largest distance between dots at which `count` dots fit into an area. */
export function spacing({ width, height }: Area, count: number, most: number): number {
  const fits = (size: number): boolean => Math.floor(width / size) * Math.floor(height / size) >= count
  return SPACINGS.find((size) => size <= most && fits(size)) ?? 2
}

/** The middle of a slot. Rows run along the counter from the bottom up, in alternating directions. */
export function slotAt(area: Area, slot: number, size: number): { x: number; y: number } {
  const columns = Math.max(1, Math.floor(area.width / size))
  const row = Math.floor(slot / columns)
  const column = row % 2 === 0 ? slot % columns : columns - 1 - (slot % columns)
  const along = (column + 0.5) * size
  return {
    x: area.from === 'left' ? area.x + along : area.x + area.width - along,
    y: area.y + area.height - (row + 0.5) * size,
  }
}
