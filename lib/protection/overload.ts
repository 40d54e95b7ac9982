import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pool } from '../db/prisma'
import { unavailable } from '../http/problem'

/** A signup that would have to wait longer than this, in ms, is rejected. */
const MAX_WAIT_MS = 1_000

/** How often a signup waits for its turn in this process: for its limits, its statements, its answer. */
const TURNS = 20

/** How long the event loop is watched before it is judged, in ms. */
const WINDOW_MS = 500
const RESOLUTION_MS = 10
const LEAST_SAMPLES = 5

let underWay = 0

/** How long this process has lately been busy with other requests before it came to the next one, in ms. */
let turnMs = 0
let isWatching = false

/**
 * The median, because a crowd that comes at once is soon served; and of that what this process has used itself. If the
 * computer is busy with something else, to serve fewer people helps nobody.
 */
function watchLoop(): void {
  if (isWatching) return
  isWatching = true
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let [since, used] = [performance.now(), process.cpuUsage()]
  setInterval(() => {
    if (delay.count < LEAST_SAMPLES) return
    const { user, system } = process.cpuUsage(used)
    const own = Math.min(1, (user + system) / 1000 / (performance.now() - since))
    turnMs = own * Math.max(0, delay.percentile(50) / 1e6 - RESOLUTION_MS)
    since = performance.now()
    used = process.cpuUsage()
    delay.reset()
  }, WINDOW_MS).unref()
}

/**
 * Load shedding: rejects a signup at once when it could not be served within a second, because the database is late, or
 * because this process is busy with other requests.
 * @throws {Problem} 503 with Retry-After
 */
export function rejectWhenOverloaded(): void {
  watchLoop()
  if (Math.max(pool().expectWait(underWay), TURNS * turnMs) > MAX_WAIT_MS)
    throw unavailable(
      'Too many people are signing up at this moment. You are not signed up: please try again.',
    )
}

/**
 * Does something for one more person, and counts them among those whom the database is serving.
 * @throws {Problem} 503 with Retry-After, and what `act` throws
 */
export async function withinCapacity<Result>(act: () => Promise<Result>): Promise<Result> {
  rejectWhenOverloaded()
  underWay++
  try {
    return await act()
  } finally {
    underWay--
  }
}
