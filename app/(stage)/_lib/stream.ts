import { streamEvents } from '@/lib/live/events'
import { watch } from '@/lib/live/watch'
import { HEARTBEAT } from '@/lib/live/workers'
import { reserveStream } from '@/lib/protection/stream-places'
import { RANK } from '@/lib/status/status'
import { type Backstage, type Dot, readBackstage } from './backstage'
import { isPresenter } from './presenter'

const MEMORY = 5_000

/** The first message has everything, later ones what has changed. */
export type BackstageMessage = Partial<Backstage> & {
  /** All dots there are: those of all emails that are under way or were given up. */
  dots?: Dot[]
  /** New dots. They go all the way, even if their email has been quicker. */
  come?: Dot[]
  /** The dots whose status has changed, or who sends them. */
  moves?: Dot[]
  /** The dots of emails that no longer exist. */
  gone?: string[]
}

/** Server-sent events about everything that goes on behind the scenes: `backstage`, at most five times a second. */
export function streamBackstage(request: Request): Response {
  let told: Record<string, string> = {}
  let known: Map<string, Dot> | undefined

  return streamEvents(
    request,
    {
      heartbeat: HEARTBEAT,
      watch: (onChange) => watch('email_event', undefined, onChange),
      pauseMs: 200,
      // Workers and the weather come and go without a word.
      pollMs: 400,
      async update(send) {
        const { dots, ...parts } = await readBackstage()
        const now = isPresenter(request.headers) ? dots : dots.map(withoutName)
        const current = Object.fromEntries(
          Object.entries(parts).map(([name, part]) => [name, JSON.stringify(part)]),
        )
        const changed = Object.entries(parts).filter(([name]) => told[name] !== current[name])
        const message: BackstageMessage = Object.fromEntries(changed)
        if (known) Object.assign(message, compareDots(known, now))
        else message.dots = now.filter(isOnItsWay)
        told = current
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

// What was sent drops out of the last events sooner or later, and comes back with the next report: known it remains, or
// it would seem to be new. What is on its way drops out when it is deleted, or when there are more than the picture
// holds.
function remember(known: Map<string, Dot> | undefined, now: Dot[]): Map<string, Dot> {
  const sent = [...(known?.values() ?? [])].filter((dot) => !isOnItsWay(dot)).slice(-MEMORY)
  return new Map([...sent, ...now].map((dot) => [dot[0], dot]))
}

function isOnItsWay([, status]: Dot): boolean {
  return status === 'failed' || RANK[status] < RANK.sent
}
