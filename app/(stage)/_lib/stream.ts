import { streamEvents } from '@/lib/live/events'
import { watch } from '@/lib/live/watch'
import { HEARTBEAT } from '@/lib/live/workers'
import { reserveStream } from '@/lib/protection/stream-places'
import { RANK } from '@/lib/status/status'
import { type Backstage, type Dot, readBackstage } from './backstage'
import { isPresenter } from './presenter'

const MEMORY = 5_000

/** The first message has everything. Later messages have only the changes. */
export type BackstageMessage = Partial<Backstage> & {
  /** All dots: the emails that are under way or were given up. */
  dots?: Dot[]
  /** New dots. They take the whole way, even if their email is further on already. */
  come?: Dot[]
  /** Dots with another status or another worker. */
  moves?: Dot[]
  /** The ids of dots whose email no longer exists. */
  gone?: string[]
}

/** Streams the state of the backstage as server-sent events (`backstage`), at most five times a second. */
export function streamBackstage(request: Request): Response {
  let sent: Record<string, string> = {}
  let known: Map<string, Dot> | undefined

  return streamEvents(
    request,
    {
      heartbeat: HEARTBEAT,
      watch: (onChange) => watch('email_event', undefined, onChange),
      pauseMs: 200,
      // Changes of workers and weather are not announced, so they are polled.
      pollMs: 400,
      async update(send) {
        const { dots, ...parts } = await readBackstage()
        const now = isPresenter(request.headers) ? dots : dots.map(withoutName)
        const current = Object.fromEntries(
          Object.entries(parts).map(([name, part]) => [name, JSON.stringify(part)]),
        )
        const changed = Object.entries(parts).filter(([name]) => sent[name] !== current[name])
        const message: BackstageMessage = Object.fromEntries(changed)
        if (known) Object.assign(message, compareDots(known, now))
        else message.dots = now.filter(isOnItsWay)
        sent = current
        known = remember(known, now)
        if (Object.keys(message).length > 0) send('backstage', message)
        return false
      },
    },
    reserveStream(request),
  )
}

function withoutName([id, status, mails, worker]: Dot): Dot {
  return [id, status, mails, worker]
}

function compareDots(known: Map<string, Dot>, now: Dot[]): Pick<BackstageMessage, 'come' | 'moves' | 'gone'> {
  const come = now.filter(([id]) => !known.has(id))
  const moves = now.filter((dot) => known.has(dot[0]) && `${known.get(dot[0])}` !== `${dot}`)
  const present = new Set(now.map(([id]) => id))
  const gone = [...known.values()].filter((dot) => !present.has(dot[0]) && isOnItsWay(dot)).map(([id]) => id)
  return {
    ...(come.length > 0 && { come }),
    ...(moves.length > 0 && { moves }),
    ...(gone.length > 0 && { gone }),
  }
}

// Keeps sent mails. They leave the range of the last events, and would look new when their next report arrives.
function remember(known: Map<string, Dot> | undefined, now: Dot[]): Map<string, Dot> {
  const sent = [...(known?.values() ?? [])].filter((dot) => !isOnItsWay(dot)).slice(-MEMORY)
  return new Map([...sent, ...now].map((dot) => [dot[0], dot]))
}

function isOnItsWay([, status]: Dot): boolean {
  return status === 'failed' || RANK[status] < RANK.sent
}
