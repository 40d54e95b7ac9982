import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { env } from '../env'
import { findFull, type Place, reserve } from './places'
import { networksOf } from './visitor'

/** How many requests may wait for each one that may run. */
const WAITING = 50

/**
 * Divides the multiples of `networksOf` (1, 2, 8), which are too large here. So an IPv6 /64 and its /56 may each run
 * LIMIT_CONCURRENCY_PER_VISITOR requests, and the /48 twice as many: no /56 can take all places of its /48.
 */
const NETWORK_DIVISOR = 4

type Exchange = { request: IncomingMessage; response: ServerResponse; run: () => void }

type Waiting = { places: Place[]; start: () => void }

/** By kind and by the largest network of the visitor. */
const queues = new Map<string, Set<Waiting>>()

/**
 * Runs a request, or queues it while LIMIT_CONCURRENCY_PER_VISITOR of the visitor's requests run. It counts as running until
 * its response begins or its connection closes. @returns false when the queue is full
 */
export function runOrQueue(
  kind: 'request' | 'readiness' | 'liveness',
  visitor: string,
  { request: { socket }, response, run }: Exchange,
): boolean {
  const most = env('LIMIT_CONCURRENCY_PER_VISITOR')
  const places = toPlaces(`running ${kind}`, visitor, most)
  const waiting = toPlaces(`waiting ${kind}`, visitor, most * WAITING)
  if (findFull(waiting)) return false

  const name = `${kind} of ${networksOf(visitor).at(-1)?.[0]}`
  const queue = queues.get(name) ?? new Set()
  // Bound, because another request starts it when it ends: logs and spans must not name that one.
  const entry: Waiting = { places, start: AsyncResource.bind(start) }
  let free = reserve(waiting)
  queues.set(name, queue.add(entry))

  function start(): void {
    leave()
    free = reserve(places)
    run()
  }
  function leave(): void {
    free()
    if (queue.delete(entry) && queue.size === 0) queues.delete(name)
  }
  function end(): void {
    socket.off('close', end)
    if (queue.has(entry)) leave()
    // A running request keeps its place until the next pass of the event loop, after the requests of other visitors. Otherwise
    // a hundred requests that arrive together and are answered at once would all run in one pass.
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
  return networksOf(visitor).map(([network, multiple]) => ({
    key: `${what} of ${network}`,
    most: Math.max(1, multiple / NETWORK_DIVISOR) * most,
  }))
}
