import { pool } from '../db/prisma'
import { unavailable } from '../http/problem'

/** A signup that would have to wait longer than this for the database, in ms, is rejected. */
const MAX_WAIT_MS = 1_000

let underWay = 0

/**
 * Load shedding: rejects a signup at once when the database could not serve it within a second.
 * @throws {Problem} 503 with Retry-After
 */
export function rejectWhenOverloaded(): void {
  if (pool().expectWait(underWay) > MAX_WAIT_MS)
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
