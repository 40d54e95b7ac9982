import type { EmailStatus } from '@/lib/status/status'

/** Where a dot can be, in the order of the path. The last one is off the path. */
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

/** The next place on the way to another. Nobody gets past the queue, the worker or the gate; back it goes directly. */
export function nextPlace(from: Place, to: Place): Place {
  const here = PLACES.indexOf(from)
  const end = to === 'givenUp' ? PLACES.indexOf('worker') : PLACES.indexOf(to)
  if (from === 'givenUp' && to !== 'givenUp') return 'queue'
  if (here < end) return PLACES[here + 1] ?? to
  return to
}

export type Area = { x: number; y: number; width: number; height: number; from: 'left' | 'right' }

/** Everywhere that a dot can stand: the places, and at the workers' one desk for each. */
export type Areas = Record<Place, Area> & { desks: Map<string, Area> }

const ROWS = 4

/** Where a desk stands among so many, in shares of the workers' room: from the bottom up, and then in the next column. */
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

/** Few sizes, so that a crowd which grows or shrinks is seldom ordered anew. In px. The first ones are for batches. */
const SPACINGS = [96, 76, 64, 54, 40, 30, 22, 16, 12, 9, 6.5, 5, 4, 3]
/** More than that nobody needs: a dot, a dot with a name, and a batch. */
export const DOT = 40
export const NAMED = 96
export const BATCH = 76

/** The distance from one dot to the next, such that so many fit into an area. */
export function spacing({ width, height }: Area, count: number, most: number): number {
  const fits = (size: number): boolean => Math.floor(width / size) * Math.floor(height / size) >= count
  return SPACINGS.find((size) => size <= most && fits(size)) ?? 2
}

/** The middle of a slot: rows along the counter, the first one at the bottom, the next one back again. */
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
