import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Mail, reportsAbout } from './mail'

export interface WebhookOptions {
  url: string
  secret: string
  signal: AbortSignal
}

const MAX_IN_FLIGHT = 10
// Resend waits 5 s, 5 min, 30 min … An app on a laptop is away for seconds only.
const RETRY_SECONDS = [1, 2, 5, ...Array<number>(20).fill(10)]

/** Creates the function that reports to the app about a mail, with webhooks signed like Resend's. */
export function createReporter(options: WebhookOptions): (mail: Mail) => Promise<void> {
  const takeTurn = createLimiter(MAX_IN_FLIGHT)

  return async function report(mail) {
    for (const { type, after, details } of reportsAbout(mail)) {
      await sleep(after, undefined, options)
      const body = JSON.stringify({
        type,
        created_at: new Date().toISOString(),
        data: { ...toData(mail), ...details },
      })
      const id = `msg_${randomUUID().replaceAll('-', '')}`
      for (const seconds of RETRY_SECONDS) {
        if (await takeTurn(() => post(options, id, body))) break
        await sleep(seconds * 1000, undefined, options)
      }
    }
  }
}

function toData({ id, from, to, subject, tags }: Mail): Record<string, unknown> {
  return {
    email_id: id,
    message_id: `<${id}@resend.dev>`,
    created_at: new Date().toISOString(),
    from,
    to: [to].flat(),
    subject,
    tags: Object.fromEntries((tags ?? []).map(({ name, value }) => [name, value])),
  }
}

async function post({ url, secret, signal }: WebhookOptions, id: string, body: string): Promise<boolean> {
  const timestamp = `${Math.floor(Date.now() / 1000)}`
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'svix-id': id,
        'svix-timestamp': timestamp,
        'svix-signature': `v1,${signature}`,
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

/** Runs at most this many tasks at a time. */
function createLimiter(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  const line: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running < limit) running++
    else await new Promise<void>((enter) => line.push(enter))
    try {
      return await task()
    } finally {
      const enter = line.shift()
      if (enter) enter()
      else running--
    }
  }
}
