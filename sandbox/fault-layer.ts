import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Mode, modes, type Reply, refuse } from './faults'
import type { Mail } from './mail'

export interface Call {
  method: string
  /** With the query. */
  path: string
  body: string
  idempotencyKey?: string
}

export interface FaultLayer {
  /** Answers a send in the way of the mode that it finds; nothing means: cut the connection. */
  send(call: Call): Promise<Reply | undefined>
  /** GET tells the mode and what was counted; PUT changes mode and latency; DELETE ends a passing mode early. */
  control(call: Call): Reply
  /** The mode and latency alone: what was counted grows with every mail. */
  tellWeather(): Reply
}

interface Options {
  latencyMs: number
  forward(call: Call): Promise<Reply>
  /** Called once for every mail that Resend accepted. */
  onAccepted(mail: Mail): void
  signal: AbortSignal
}

const Settings = z.strictObject({
  mode: z.enum(Object.keys(modes) as [Mode, ...Mode[]]).optional(),
  /** How long the mode lasts: then the one before it comes back. For good, unless told. */
  forMs: z.int().min(1).max(600_000).optional(),
  /** How long every answer takes. */
  latencyMs: z.int().min(0).max(600_000).optional(),
})

/** What stands between the app and Resend: delay, failures on demand, and a count of what arrived. */
export function createFaultLayer({ latencyMs, forward, onAccepted, signal }: Options): FaultLayer {
  let mode: Mode = 'ok'
  let passing: { before: Mode; end: NodeJS.Timeout } | undefined
  let calls = 0
  let changeCount = 0
  const accepted = new Set<string>()
  const byKey = new Map<string, { calls: number; accepted: Set<string> }>()
  const changes = new EventEmitter().setMaxListeners(0)

  async function send(call: Call): Promise<Reply | undefined> {
    const answer = modes[mode]
    const change = changeCount
    const modeChange = async (): Promise<void> => {
      if (changeCount === change) await once(changes, 'mode', { signal })
    }
    calls++
    if (call.idempotencyKey) countsOf(call.idempotencyKey).calls++
    await sleep(latencyMs, undefined, { signal })
    return answer({ accept: () => accept(call), modeChange, signal })
  }

  async function accept(call: Call): Promise<Reply> {
    const reply = await forward(call)
    if (reply.status !== 200) return reply
    const mails: Omit<Mail, 'id'>[] = [JSON.parse(call.body)].flat()
    const answer: { id: string } | { data: { id: string }[] } = JSON.parse(reply.body)
    const ids = 'data' in answer ? answer.data : [answer]
    for (const [index, { id }] of ids.entries()) {
      const mail = mails[index]
      // A repeated idempotency key gets the first answer again: no new mail.
      if (!mail || accepted.has(id)) continue
      accepted.add(id)
      if (call.idempotencyKey) countsOf(call.idempotencyKey).accepted.add(id)
      onAccepted({ ...mail, id })
    }
    return reply
  }

  function countsOf(key: string): { calls: number; accepted: Set<string> } {
    const counts = byKey.get(key) ?? { calls: 0, accepted: new Set() }
    byKey.set(key, counts)
    return counts
  }

  function setMode(next: Mode, forMs?: number): void {
    const before = passing?.before ?? mode
    clearTimeout(passing?.end)
    passing = forMs ? { before, end: setTimeout(setMode, forMs, before).unref() } : undefined
    mode = next
    changeCount++
    changes.emit('mode')
  }

  function control(call: Call): Reply {
    if (call.method === 'PUT') {
      const settings = Settings.safeParse(parseJson(call.body))
      if (!settings.success) return refuse(400, 'validation_error', z.prettifyError(settings.error))
      latencyMs = settings.data.latencyMs ?? latencyMs
      if (settings.data.mode) setMode(settings.data.mode, settings.data.forMs)
    }
    if (call.method === 'DELETE' && passing) setMode(passing.before)
    const emails = Object.fromEntries(
      [...byKey].map(([key, counts]) => [key, { calls: counts.calls, accepted: counts.accepted.size }]),
    )
    return { status: 200, body: JSON.stringify({ mode, latencyMs, calls, accepted: accepted.size, emails }) }
  }

  function tellWeather(): Reply {
    return { status: 200, body: JSON.stringify({ mode, latencyMs }) }
  }

  return { send, control, tellWeather }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
