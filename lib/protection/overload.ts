import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pool } from '../db/prisma'
import { unavailable } from '../http/problem'
import { TOO_MANY_REPORTS } from '../status/record-together'
import { TOO_MANY_SIGNUPS } from './limits'

/** Webhooks are shed first, because Resend sends them again. */
const MAX_WAIT_MS = { signup: 1_000, report: 800 }

const DETAILS = {
  signup: TOO_MANY_SIGNUPS,
  report: TOO_MANY_REPORTS,
}

/** A signup passes through the event loop about this many times. */
const LOOP_PASSES = 20

const WINDOW_MS = 500
const RESOLUTION_MS = 10
const MIN_SAMPLES = 5
/** Of one core. A process that uses less is not the cause of the delay, and shedding load would not help. */
const MIN_CPU_SHARE = 0.25

let underWay = 0

let loopDelayMs = 0
let isWatching = false

/** Measures the median delay of the event loop, so that a short burst does not shed load. */
function watchLoop(): void {
  // In development, this process compiles pages.
  if (isWatching || process.env.NODE_ENV === 'development') return
  isWatching = true
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let [since, used] = [performance.now(), process.cpuUsage()]
  setInterval(() => {
    if (delay.count < MIN_SAMPLES) return
    const { user, system } = process.cpuUsage(used)
    const own = Math.min(1, (user + system) / 1000 / (performance.now() - since))
    loopDelayMs = own > MIN_CPU_SHARE ? Math.max(0, delay.percentile(50) / 1e6 - RESOLUTION_MS) : 0
    since = performance.now()
    used = process.cpuUsage()
    delay.reset()
  }, WINDOW_MS).unref()
}

/** Sheds load that would have to wait too long. @throws {Problem} 503 with Retry-After */
export function rejectWhenOverloaded(what: keyof typeof MAX_WAIT_MS): void {
  watchLoop()
  if (Math.max(pool().expectWait(underWay), LOOP_PASSES * loopDelayMs) > MAX_WAIT_MS[what])
    throw unavailable(DETAILS[what])
}

/** Runs a signup unless the process is overloaded. @throws {Problem} 503 with Retry-After, and what `act` throws */
export async function withinCapacity<Result>(act: () => Promise<Result>): Promise<Result> {
  rejectWhenOverloaded('signup')
  underWay++
  try {
    return await act()
  } finally {
    underWay--
  }
}
