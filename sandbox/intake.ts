import { type Call, isBatch } from './call'
import { type Reply, refuse } from './faults'
import { fingerprint } from './fingerprint'
import type { Mail } from './mail'

/** Returns the error of an invalid mail. */
export type Check = (mail: unknown) => string | undefined

interface Request {
  call: Call
  /** Undefined when the body is no batch. */
  mails: unknown[] | undefined
}

export interface Intake {
  /** Replays, rejects or forwards a request, as Resend does. */
  take(request: Request, check: Check): Promise<Reply>
  /** Locks an idempotency key. Returns false when another request has it. */
  hold(key: string): boolean
  release(key: string): void
}

interface Options {
  forward(call: Call): Promise<Reply>
  /** Called once for each accepted mail. */
  onAccepted(mail: Mail, call: Call): void
}

/**
 * Adds what Resend does and the emulator does not: it validates each mail of a batch, and remembers under an
 * idempotency key which mails it rejected (https://resend.com/docs/dashboard/emails/batch-sending).
 */
export function createIntake({ forward, onAccepted }: Options): Intake {
  const inUse = new Set<string>()
  const answers = new Map<string, { request: string; reply: Reply }>()

  async function take({ call, mails }: Request, check: Check): Promise<Reply> {
    const { idempotencyKey: key } = call
    if (key === undefined) return accept(call, mails, check)
    if (key === '' || key.length > 256) {
      return refuse(400, 'invalid_idempotency_key', 'The key must be between 1-256 chars.')
    }
    const request = fingerprint(`${call.path}\n${call.body}`)
    const first = answers.get(key)
    if (first) return first.request === request ? first.reply : refuse(409, ...OTHER_REQUEST)
    const reply = await accept(call, mails, check)
    if (reply.status === 200) answers.set(key, { request, reply })
    return reply
  }

  async function accept(call: Call, mails: unknown[] | undefined, check: Check): Promise<Reply> {
    if (!mails) return refuse(422, 'validation_error', 'Send 1 to 100 emails.')
    if (isBatch(call) && mails.some((mail) => (mail as Partial<Mail> | null)?.attachments))
      return refuse(422, 'validation_error', 'A batch takes no attachments.')
    const problems = mails.map(check)
    const errors = problems.flatMap((message, index) => (message ? [{ index, message }] : []))
    const permissive = isBatch(call) && call.permissive
    if (errors[0] && !permissive) return refuse(422, 'validation_error', errors[0].message)

    const good = mails.filter((_, index) => !problems[index]) as Mail[]
    const body = errors.length > 0 ? JSON.stringify(good) : call.body
    const reply = good.length > 0 ? await forward({ ...call, body }) : { status: 200, body: '{"data":[]}' }
    if (reply.status !== 200) return reply

    const answer: { id: string } | { data: { id: string }[] } = JSON.parse(reply.body)
    const data = 'data' in answer ? answer.data : [answer]
    for (const [index, { id }] of data.entries()) {
      const mail = good[index]
      if (!mail) continue
      // Without the body, because many mails stay in memory until their last report.
      const { from, to, subject, tags } = mail
      onAccepted({ id, from, to, subject, tags }, call)
    }
    return permissive ? { ...reply, body: JSON.stringify({ data, errors }) } : reply
  }

  return {
    take,
    hold(key) {
      if (inUse.has(key)) return false
      inUse.add(key)
      return true
    },
    release: (key) => void inUse.delete(key),
  }
}

const OTHER_REQUEST = [
  'invalid_idempotent_request',
  'This idempotency key was used for another request.',
] as const
