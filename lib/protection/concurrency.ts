import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { env } from '../env'
import { findFull, type Place, take } from './places'
import { networksOf } from './visitor'

/** How many requests may wait for each one that may run. */
const WAITING = 50

/** Less than in other limits: the requests of a whole /48 delay everyone's. */
const MAX_SHARE = 4

/** Running requests together saves time only while they wait for something. A saturated event loop has no time to wait. */
const SATURATED = 0.9
const SAMPLE_MS = 100

type Exchange = { request: IncomingMessage; response: ServerResponse; run: () => void }

type Turn = { places: Place[]; alone: Place[]; start: () => void }

/** The waiting requests of each kind and of a visitor's largest network, the oldest first. */
const queues = new Map<string, Set<Turn>>()

/** In samples. Not in milliseconds: another process may have had the CPU meanwhile. */
const PATIENCE = 5

/** For how many samples no request has started, by the queue that waits. */
const waited = new Map<string, number>()

let isSaturated = false

/** Measures whether the event loop is saturated, and how long each queue waits. Call it once. */
export function watchEventLoop(): void {
  let last = performance.eventLoopUtilization()
  setInterval(() => {
    isSaturated = performance.eventLoopUtilization(last).utilization > SATURATED
    last = performance.eventLoopUtilization()
    for (const name of queues.keys()) {
      waited.set(name, (waited.get(name) ?? 0) + 1)
      startNext(name)
    }
  }, SAMPLE_MS).unref()
}

/**
 * Runs a request, or queues it while LIMIT_CONCURRENCY_PER_VISITOR of the visitor's requests run. While the event loop is
 * saturated, each network runs one, and two more a second if that one only waits. So a flood delays other visitors by a few
 * requests only. A request counts as running until its response begins: a stream holds no place.
 * @returns false if too many requests wait
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
  // Bound, because the end of another request starts it: logs and spans must not name that one.
  const alone = [{ key: `running ${name}`, most: Math.min(most, 1) }]
  const turn: Turn = { places, alone, start: AsyncResource.bind(start) }
  let free = take(waiting)
  queues.set(name, queue.add(turn))

  function start(): void {
    leave()
    waited.delete(name)
    free = take(places)
    run()
  }
  function leave(): void {
    free()
    free = () => {}
    if (!queue.delete(turn) || queue.size > 0) return
    queues.delete(name)
    waited.delete(name)
  }
  function end(): void {
    socket.off('close', end)
    if (queue.has(turn)) leave()
    // A turn of the event loop later, so that others come in between. Until then, it keeps its place: an answer may be ready
    // at once, and a hundred such requests may arrive in the same turn.
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
  for (const { places, alone, start } of queues.get(name) ?? []) {
    if (findFull(places)) continue
    // The one that runs may wait for a slow client or a lock, and must not stop its whole network.
    if (isSaturated && findFull(alone) && (waited.get(name) ?? 0) < PATIENCE) return
    start()
  }
}

function toPlaces(what: string, visitor: string, most: number): Place[] {
  return networksOf(visitor).map(([network, share]) => ({
    key: `${what} of ${network}`,
    most: Math.min(share, MAX_SHARE) * most,
  }))
}
