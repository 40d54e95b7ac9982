import { type Order, type Shop, simulate } from './simulate'

/** The most orders that are compared. The real run sends as many. */
const MOST = 30
/** The time to store an order, in ms. About the time of a real signup. */
const ANSWER_MS = 10

export type Waits = { median: number; longest: number }
export type Row = { title: string; inline?: boolean; person: Waits; mail: Waits }

const ONE: Shop = { from: 0, workers: 1, batch: 1, welcomesFirst: false }
const EIGHT: Shop = { ...ONE, workers: 8 }

const WAYS = [
  { title: 'Mail sent inside the request', shop: ONE, inline: true },
  { title: 'A queue with one worker', shop: ONE },
  { title: 'Eight workers', shop: EIGHT },
  { title: 'Eight workers, a hundred in one request', shop: { ...EIGHT, batch: 100 } },
]

/** The orders that came closest together, with times from the first of them. */
export function pickRush(orders: Order[]): Order[] {
  const count = Math.min(MOST, orders.length)
  const spans = orders
    .slice(0, orders.length - count + 1)
    .map(({ at }, index) => (orders[index + count - 1]?.at ?? at) - at)
  const first = spans.indexOf(Math.min(...spans))
  const rush = orders.slice(first, first + count)
  return rush.map((order) => ({ ...order, at: order.at - (rush[0]?.at ?? 0) }))
}

/** How long people and mails wait when the same orders are served in four ways. @param requestMs as in `simulate` */
export function compareWays(orders: Order[], requestMs?: number): Row[] {
  return WAYS.map(({ title, shop, inline }) => {
    const waits = simulate(orders, [shop], requestMs).mails.map(({ at, sentAt = at }) => sentAt - at)
    const mail = sumUpWaits(waits)
    return { title, inline, mail, person: inline ? mail : { median: ANSWER_MS, longest: ANSWER_MS } }
  })
}

export function sumUpWaits(waits: number[]): Waits {
  const sorted = waits.toSorted((a, b) => a - b)
  return { median: sorted[sorted.length >> 1] ?? 0, longest: sorted.at(-1) ?? 0 }
}
