import { isFinal } from '../email/status'
import { env } from '../env'
import { streamEvents } from '../stream'
import { type Backstage, type Dot, readBackstage } from './backstage'

/** The first message has everything, later ones what has changed. */
export type BackstageMessage = Partial<Backstage> & {
  /** All dots there are: those of all emails that are under way or were given up. */
  dots?: Dot[]
  /** The dots whose status has changed, among them new ones. */
  moves?: Dot[]
  /** The dots of emails that no longer exist. */
  gone?: string[]
}

/** Server-sent events about everything that goes on behind the scenes: `backstage`, at most five times a second. */
export function streamBackstage(request: Request): Response {
  let told: Record<string, string> = {}
  let dots: Map<string, string> | undefined

  return streamEvents(request, {
    channel: 'email_event',
    pauseMs: 200,
    // Workers and the weather come and go without a word.
    pollMs: 500,
    async update(send) {
      const { dots: now, ...parts } = await readBackstage()
      const current = Object.fromEntries(
        Object.entries(parts).map(([name, part]) => [name, JSON.stringify(part)]),
      )
      const changed = Object.entries(parts).filter(([name]) => told[name] !== current[name])
      const message: BackstageMessage = {
        ...Object.fromEntries(changed),
        ...(dots ? compareDots(dots, now) : { dots: now.filter(isCurrent) }),
      }
      told = current
      dots = new Map(now)
      if (Object.keys(message).length > 0) send('backstage', message)
      return false
    },
  })
}

function isCurrent([, status]: Dot): boolean {
  return status === 'failed' || !isFinal(status, env('RESEND_WEBHOOK_SECRET') !== undefined)
}

// A dot that has arrived drops out of what is read, sooner or later; one that drops out on its way was deleted.
function compareDots(before: Map<string, string>, now: Dot[]): Pick<BackstageMessage, 'moves' | 'gone'> {
  const moves = now.filter(([id, status]) => before.get(id) !== status)
  const present = new Set(now.map(([id]) => id))
  const gone = ([...before] as Dot[])
    .filter((dot) => isCurrent(dot) && !present.has(dot[0]))
    .map(([id]) => id)
  return { ...(moves.length > 0 && { moves }), ...(gone.length > 0 && { gone }) }
}
