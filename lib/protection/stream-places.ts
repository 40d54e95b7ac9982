import { env } from '../env'
import { Problem } from '../http/problem'
import { findFull, type Place, reserve } from './places'
import { networksOf, visitorOf } from './visitor'

/**
 * Reserves a stream within the limits of the visitor, the topic (for example an email's id) and this process.
 * @returns the function that frees it. @throws {Problem} 429 or 503 with Retry-After
 */
export function reserveStream(request: Request, topic?: string): () => void {
  const visitor = networksOf(visitorOf(request)).map(([network, multiple]) => ({
    key: `streams of ${network}`,
    most: multiple * env('LIMIT_STREAMS_PER_VISITOR'),
    status: 429,
  }))
  const all = { key: 'streams', most: env('LIMIT_STREAMS_PER_PROCESS'), status: 503 }
  const places = [...visitor, ...(topic ? [{ ...toPlace(topic), status: 429 }] : []), all]
  const full = findFull(places)
  if (!full) return reserve(places)
  const headers = { 'retry-after': '10' }
  if (full.status === 503)
    throw new Problem(503, 'Temporarily unavailable', { detail: 'Too many people are watching.', headers })
  const detail = 'Too many streams are open. Close one of them first.'
  throw new Problem(429, 'Too many requests', { detail, headers })
}

export function isTopicFull(topic: string): boolean {
  return findFull([toPlace(topic)]) !== undefined
}

function toPlace(topic: string): Place {
  return { key: `streams about ${topic.toLowerCase()}`, most: env('LIMIT_STREAMS_PER_TICKET') }
}
