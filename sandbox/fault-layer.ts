import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type Call, parseJson, readMails } from './call'
import { type Mode, modes, type Reply, refuse } from './faults'
import { createIntake } from './intake'
import { findProblem, type Mail, nameMail } from './mail'
import { createRateLimit } from './rate-limit'

export interface FaultLayer {
  /** Answers a send as the present mode says. Returns undefined to cut the connection. */
  send(call: Call): Promise<Reply | undefined>
  /** GET reads the weather and the counts. PUT changes the weather. DELETE ends a temporary mode early. */
  control(call: Call): Reply
  /** Reads the weather without the counts, which grow with every mail. */
  showWeather(): Reply
}

interface Options {
  latencyMs: number
  rateLimit: number
  forward(call: Call): Promise<Reply>
  onAccepted(mail: Mail): void
  signal: AbortSignal
}

const Settings = z.strictObject({
  mode: z.enum(Object.keys(modes) as [Mode, ...Mode[]]).optional(),
  /** How long the mode lasts. Then the mode before it comes back. Without it, the mode stays. */
  forMs: z.int().min(1).max(600_000).optional(),
  latencyMs: z.int().min(0).max(600_000).optional(),
  /** Requests to send a second, for each API key. 0: no limit. */
  rateLimit: z.int().min(0).optional(),
})

/** The layer between the app and Resend: rate limit, delay, failures on demand, and counts. */
export function createFaultLayer({ latencyMs, rateLimit, forward, onAccepted, signal }: Options): FaultLayer {
  let mode: Mode = 'ok'
  let passing: { before: Mode; end: NodeJS.Timeout } | undefined
  let changeCount = 0
  const totals = { calls: 0, accepted: 0, refused: 0 }
  const byMail = new Map<string, { calls: number; accepted: number }>()
  const changes = new EventEmitter().setMaxListeners(0)
  const takeTurn = createRateLimit()
  const intake = createIntake({
    forward,
    onAccepted(mail, call) {
      totals.accepted++
      countsOf(nameMail(mail, call.idempotencyKey)).accepted++
      onAccepted(mail)
    },
  })

  async function send(call: Call): Promise<Reply | undefined> {
    totals.calls++
    const { granted, headers } = takeTurn(call.account, rateLimit)
    if (!granted) {
      totals.refused++
      const message = `Too many requests. You can only make ${rateLimit} requests per second.`
      return refuse(429, 'rate_limit_exceeded', message, headers)
    }
    const reply = await answer(call)
    return reply && { ...reply, headers: { ...headers, ...reply.headers } }
  }

  async function answer(call: Call): Promise<Reply | undefined> {
    const end = modes[mode]
    const change = changeCount
    const modeChange = async (): Promise<void> => {
      if (changeCount === change) await once(changes, 'mode', { signal })
    }
    const mails = readMails(call)
    const names = mails?.map((mail) => nameMail(mail, call.idempotencyKey))
    for (const name of new Set(names)) countsOf(name).calls++
    // A hanging request has not reached Resend, so it does not hold the key.
    const key = mode === 'hang' ? undefined : call.idempotencyKey
    const held = key === undefined || intake.hold(key)
    try {
      await sleep(latencyMs, undefined, { signal })
      if (!held) return refuse(409, 'concurrent_idempotent_requests', 'This idempotency key is in use.')
      const accept = (check = findProblem): Promise<Reply> => intake.take({ call, mails }, check)
      return await end({ accept, modeChange, signal })
    } finally {
      if (key !== undefined && held) intake.release(key)
    }
  }

  function countsOf(name: string): { calls: number; accepted: number } {
    const counts = byMail.get(name) ?? { calls: 0, accepted: 0 }
    byMail.set(name, counts)
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
      rateLimit = settings.data.rateLimit ?? rateLimit
      if (settings.data.mode) setMode(settings.data.mode, settings.data.forMs)
    }
    if (call.method === 'DELETE' && passing) setMode(passing.before)
    const body = JSON.stringify({ ...readWeather(), ...totals, emails: Object.fromEntries(byMail) })
    return { status: 200, body }
  }

  function readWeather(): { mode: Mode; latencyMs: number; rateLimit: number } {
    return { mode, latencyMs, rateLimit }
  }

  function showWeather(): Reply {
    return { status: 200, body: JSON.stringify(readWeather()) }
  }

  return { send, control, showWeather }
}
