import { env } from '../env'
import { Problem } from '../http/problem'
import { findFull, type Place, take } from './places'
import { networksOf, visitorOf } from './visitor'

/**
 * Takes a place for one more stream: among those of its visitor, of what it is about, and of this process.
 * @param topic what it is about, if that is a single thing: the id of an email, for example
 * @returns gives it back; to be called once
 * @throws {Problem} 429 or 503 with Retry-After, when there is none
 */
export function reserveStream(request: Request, topic?: string): () => void {
  const visitor = networksOf(visitorOf(request)).map(([network, share]) => ({
    key: `streams of ${network}`,
    most: share * env('LIMIT_STREAMS_PER_VISITOR'),
    status: 429,
  }))
  const all = { key: 'streams', most: env('LIMIT_STREAMS_PER_PROCESS'), status: 503 }
  const places = [...visitor, ...(topic ? [{ ...toPlace(topic), status: 429 }] : []), all]
  const full = findFull(places)
  if (!full) return take(places)
  throw new Problem(full.status, full.status === 429 ? 'Too many requests' : 'Temporarily unavailable', {
    detail: 'Too many streams are open. One of them has to end first.',
    headers: { 'retry-after': '10' },
  })
}

/** Whether as many streams as may be are open about this. */
export function isTopicFull(topic: string): boolean {
  return findFull([toPlace(topic)]) !== undefined
}

function toPlace(topic: string): Place {
  return { key: `streams about ${topic.toLowerCase()}`, most: env('LIMIT_STREAMS_PER_TICKET') }
}
