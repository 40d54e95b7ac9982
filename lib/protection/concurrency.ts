import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { env } from '../env'
import { findFull, type Place, take } from './places'
import { networksOf } from './visitor'

/** How many requests may wait for each one that may run. */
const WAITING = 50

/**
 * Less than in other limits: what runs at the same time shares each turn of the event loop, and delays everyone. A /48 runs
 * twice as many as each /56 in it, so none of these can take all places.
 */
const LESS = 4

type Exchange = { request: IncomingMessage; response: ServerResponse; run: () => void }

type Turn = { places: Place[]; start: () => void }

/** By kind and by the largest network of the visitor. */
const queues = new Map<string, Set<Turn>>()

/**
 * Runs a request, or queues it while LIMIT_CONCURRENCY_PER_VISITOR of the visitor's requests run. It counts as running until
 * its response begins. @returns false when the queue is full
 */
export function runInTurn(
  kind: 'request' | 'probe',
  visitor: string,
  { request: { socket }, response, run }: Exchange,
): boolean {
  const most = env('LIMIT_CONCURRENCY_PER_VISITOR')
  const places = toPlaces(`running ${kind}s`, visitor, most)
  const waiting = toPlaces(`waiting ${kind}s`, visitor, most * WAITING)
  if (findFull(waiting)) return false

  const name = `${kind}s of ${networksOf(visitor).at(-1)?.[0]}`
  const queue = queues.get(name) ?? new Set()
  // Bound, because another request starts it when it ends: logs and spans must not name that one.
  const turn: Turn = { places, start: AsyncResource.bind(start) }
  let free = take(waiting)
  queues.set(name, queue.add(turn))

  function start(): void {
    leave()
    free = take(places)
    run()
  }
  function leave(): void {
    free()
    free = () => {}
    if (queue.delete(turn) && queue.size === 0) queues.delete(name)
  }
  function end(): void {
    socket.off('close', end)
    if (queue.has(turn)) leave()
    // In the next turn of the event loop, after the requests of other visitors. Until then it keeps its place: a hundred
    // requests that are answered at once may arrive in the same turn.
    setImmediate(() => {
      leave()
      startNext(name)
    })
  }
  socket.once('close', end)
  const { writeHead } = response
  Object.assign(response, {
    writeHead(...args: unknown[]) {
      end()
      return Reflect.apply(writeHead, response, args)
    },
  })
  startNext(name)
  return true
}

function startNext(name: string): void {
  const next = [...(queues.get(name) ?? [])].find(({ places }) => !findFull(places))
  next?.start()
}

function toPlaces(what: string, visitor: string, most: number): Place[] {
  return networksOf(visitor).map(([network, share]) => ({
    key: `${what} of ${network}`,
    most: Math.max(1, share / LESS) * most,
  }))
}
