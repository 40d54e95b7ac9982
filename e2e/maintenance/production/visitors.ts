import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Snapshot } from '../../../lib/status/status'
import { postSignup } from '../../app'

/** People who sign up again and again. Each asks with the same key until there is a 201. */
export type Visitors = {
  /** How often each status was answered. */
  answers: Map<number, number>
  /** The ids of the emails of all signups that were answered. */
  emails: string[]
  /** The faults of wrong answers, as sentences. */
  faults: string[]
  /** Waits until all have their 201. */
  stop(): Promise<string[]>
}

export function startVisitors(url: string, count = 2): Visitors {
  const answers = new Map<number, number>()
  const emails: string[] = []
  const faults: string[] = []
  let open = true
  const visitors = Array.from({ length: count }, async () => {
    while (open) {
      const headers = { 'idempotency-key': randomUUID() }
      const body = { name: 'Ada', email: `${randomUUID()}@example.com` }
      const firstAsked = Date.now()
      for (;;) {
        const answer = await postSignup(body, headers, url)
        answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
        const json = await answer.json()
        if (answer.status === 201) {
          const { welcomeEmail } = json as { welcomeEmail: Snapshot }
          emails.push(welcomeEmail.id)
          faults.push(...findWrongTime(welcomeEmail, firstAsked))
          break
        }
        await sleep(300)
      }
      await sleep(300)
    }
  })
  return {
    answers,
    emails,
    faults,
    async stop() {
      open = false
      await Promise.all(visitors)
      return emails
    },
  }
}

/** Checks the signup's time, which must be right in any zone of Postgres and the web server, and with any server clock. */
export function findWrongTime({ id, timeline }: Snapshot, firstAsked: number): string[] {
  const at = Date.parse(timeline[0]?.at ?? '')
  const isRight = at >= firstAsked - 1_000 && at <= Date.now() + 1_000
  return isRight
    ? []
    : [`${id}: signed up after ${new Date(firstAsked).toISOString()}, and told ${timeline[0]?.at}`]
}
