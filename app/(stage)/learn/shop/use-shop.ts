import { type RefObject, useEffect, useMemo, useReducer, useRef, useState } from 'react'
import { lookAt, type Scene } from './scene'
import { type Order, type Shop, simulate } from './simulate'

/** In ms: orders come by themselves at this distance, until the reader has been idle for this time. */
const CALM = { every: 1_200, for: 30_000 }
/** The number of orders at the start. */
const EARLY = 3
/** How long the animation goes on when all work is done. */
const AFTER_MS = 6_000
/** The time between two updates of the numbers. */
const NUMBERS_MS = 100

type Kind = Order['kind']
type History = { orders: Order[]; shops: Shop[]; touchedAt: number }
type Action = { at: number; order?: { kind: Kind; count: number; every: number }; shop?: Partial<Shop> }

const OPENING: History = {
  orders: [],
  shops: [{ from: 0, workers: 1, batch: 1, welcomesFirst: false }],
  touchedAt: 0,
}

/**
 * The shop in play. It stores only the reader's actions and their times, and simulates the shop again after each action.
 * @param visible false when it is not on the screen, which stops its clock
 * @param onScene called for each frame
 */
export function useShop(visible: boolean, onScene: RefObject<(scene: Scene) => void>) {
  const [history, act] = useReducer(keepHistory, OPENING)
  const [now, setNow] = useState(0)
  const clock = useRef(0)
  const course = useMemo(
    () =>
      simulate(
        [...history.orders, ...dropIn(history)].sort((a, b) => a.at - b.at),
        history.shops,
      ),
    [history],
  )
  const end = course.mails.reduce((last, { at, sentAt = at }) => Math.max(last, sentAt), 0) + AFTER_MS
  const isIdle = history.orders.length === 0
  const shop = history.shops.at(-1) as Shop

  useEffect(() => {
    // At first only other people order, to show what the picture is.
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    if (!visible || (isIdle && still)) return
    let last: number | undefined
    let frame = requestAnimationFrame(function tick(time) {
      // A hidden tab does not catch up.
      clock.current += Math.min(time - (last ?? time), 50)
      last = time
      onScene.current(lookAt(course, shop, clock.current))
      setNow(clock.current - (clock.current % NUMBERS_MS))
      if (clock.current < end) frame = requestAnimationFrame(tick)
    })
    return () => cancelAnimationFrame(frame)
  }, [visible, isIdle, course, shop, end, onScene])

  return {
    scene: lookAt(course, shop, now),
    /** The welcome orders, in their order. */
    orders: history.orders.filter(({ kind }) => kind === 'welcome'),
    order: (kind: Kind, count = 1, every = 0) =>
      act({ at: Math.round(clock.current), order: { kind, count, every } }),
    change: (shop: Partial<Shop>) => act({ at: Math.round(clock.current), shop }),
  }
}

function keepHistory({ orders, shops }: History, { at, order, shop }: Action): History {
  const come = Array.from({ length: order?.count ?? 0 }, (_, index) => ({
    id: orders.length + index + 1,
    at: at + index * (order?.every ?? 0),
    kind: order?.kind ?? 'welcome',
  }))
  return {
    orders: [...orders, ...come].sort((a, b) => a.at - b.at),
    shops: shop ? [...shops, { ...(shops.at(-1) as Shop), ...shop, from: at }] : shops,
    touchedAt: at,
  }
}

function dropIn({ touchedAt }: History): Order[] {
  const count = Math.floor((touchedAt + CALM.for) / CALM.every)
  return Array.from({ length: count }, (_, index) => ({
    id: -index - 1,
    at: Math.max(0, index + 1 - EARLY) * CALM.every,
    kind: 'welcome',
  }))
}
