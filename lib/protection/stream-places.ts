import { env } from '../env'
import { Problem } from '../http/problem'
import { visitorOf } from './visitor'

type Setting = 'LIMIT_STREAMS_PER_VISITOR' | 'LIMIT_STREAMS_PER_TICKET' | 'LIMIT_STREAMS_PER_PROCESS'

const shared = globalThis as { places?: Map<string, number> }
shared.places ??= new Map()
const taken = shared.places

/**
 * Takes a place for one more stream: among those of its visitor, of what it is about, and of this process.
 * @param topic what it is about, if that is a single thing: the id of an email, for example
 * @returns gives it back; to be called once
 * @throws {Problem} 429 or 503 with Retry-After, when there is none
 */
export function reserveStream(request: Request, topic?: string): () => void {
  const keys = [
    toKey('LIMIT_STREAMS_PER_VISITOR', visitorOf(request), 429),
    topic && toKey('LIMIT_STREAMS_PER_TICKET', topic.toLowerCase(), 429),
    toKey('LIMIT_STREAMS_PER_PROCESS', '', 503),
  ].filter((key) => key !== undefined)
  for (const key of keys) taken.set(key, (taken.get(key) ?? 0) + 1)
  return () => {
    for (const key of keys) {
      const left = (taken.get(key) ?? 1) - 1
      if (left > 0) taken.set(key, left)
      else taken.delete(key)
    }
  }
}

function toKey(setting: Setting, who: string, status: 429 | 503): string {
  const key = `${setting} ${who}`
  const most = env(setting)
  if (most === 0 || (taken.get(key) ?? 0) < most) return key
  throw new Problem(status, status === 429 ? 'Too many requests' : 'Temporarily unavailable', {
    detail: 'Too many streams are open. One of them has to end first.',
    headers: { 'retry-after': '10' },
  })
}
