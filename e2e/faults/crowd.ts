import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { newAddress } from '../app'
import { type Answer, ask } from './ask'
import { findHalves } from './oracle'
import { report } from './steps'
import type { World } from './worlds'

/** A client stops waiting for an answer after this. */
const PATIENCE_MS = 12_000

type Signup = {
  body: { name: string; email: string }
  key: string
  /** The first answer that was a 201. */
  answer?: string
  id?: string
  cookie?: string
  /** `asked`: requested, perhaps without an answer. `confirmed`: an answer has confirmed it. */
  erasure?: 'asked' | 'confirmed'
  isCorrected?: boolean
}

/** People who sign up, retry, erase themselves and correct their address, with the answers that they got. */
export type Crowd = {
  signups: Signup[]
  /** How often each status was answered; 0: no answer. */
  statuses: Map<number, number>
  /** The states and answers found that must never occur, as sentences. */
  faults: string[]
  /** Signs up a new person, and asks again with the same key until there is a 201. */
  signUp(): Promise<void>
  /** Begins no new signups, and waits for people who are still asking. */
  end(): Promise<void>
}

/** Begins a crowd that goes on until its end. */
export function gather(world: World): Crowd {
  const signups: Signup[] = []
  const statuses = new Map<number, number>()
  const faults: string[] = []
  let isOver = false

  async function askFrom(path: string, init: RequestInit): Promise<Answer | undefined> {
    const headers = { ...init.headers, 'x-forwarded-for': newVisitor() }
    const answer = await ask(PATIENCE_MS, `${world.web.url}${path}`, { ...init, headers })
    const status = answer?.status ?? 0
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status === 500 || status === 429) faults.push(`${init.method} ${path}: ${status}`)
    return answer
  }

  async function post(signup: Signup): Promise<void> {
    const { erasure } = signup
    const answer = await askFrom('/api/users', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': signup.key },
      body: JSON.stringify(signup.body),
    })
    if (!answer || answer.status === 503) return
    const { status, text, headers } = answer
    const told = `${signup.key}: ${status} ${text}`
    if (status === 410) {
      if (!signup.erasure) faults.push(`${told}, and it was not erased`)
      if (headers.has('set-cookie')) faults.push(`${told}, with a cookie`)
      return
    }
    if (status !== 201) faults.push(told)
    else if (erasure === 'confirmed') faults.push(`${told}, after it was erased`)
    else if (signup.answer !== undefined && signup.answer !== text)
      faults.push(`${told}, and before ${signup.answer}`)
    else if (signup.answer === undefined) {
      signup.answer = text
      signup.id = JSON.parse(text).welcomeEmail.id
      signup.cookie = headers.get('set-cookie')?.split(';')[0]
    }
  }

  async function signUp(): Promise<void> {
    const signup: Signup = { body: { name: 'Ada', email: newAddress() }, key: randomUUID() }
    signups.push(signup)
    while (signup.answer === undefined && faults.length === 0) {
      await post(signup)
      await sleep(200)
    }
  }

  function act({ id, cookie }: Signup, what: string, body?: unknown): Promise<Answer | undefined> {
    return askFrom(`/api/tickets/${id}/${what}`, {
      method: 'POST',
      headers: { cookie: cookie ?? '', 'content-type': 'application/json' },
      body: JSON.stringify(body ?? {}),
    })
  }

  async function erase(signup: Signup): Promise<void> {
    signup.erasure = 'asked'
    while (signup.erasure === 'asked') {
      const answer = await act(signup, 'erasure')
      // 404: an earlier answer was lost, and a worker was quick.
      if ([202, 204, 404].includes(answer?.status ?? 0)) signup.erasure = 'confirmed'
      await sleep(200)
    }
  }

  const answered = (): Signup[] => signups.filter(({ id, erasure }) => id && !erasure)
  const pick = <Item>(items: Item[]): Item | undefined => items[Math.floor(Math.random() * items.length)]

  async function repeat(pauseMs: number, act: () => Promise<unknown>): Promise<void> {
    while (!isOver) {
      await act()
      await sleep(pauseMs)
    }
  }

  const actors = [
    repeat(700, signUp),
    repeat(900, signUp),
    repeat(500, async () => {
      const one = pick(signups.filter(({ answer }) => answer))
      if (one) await post(one)
    }),
    repeat(3_000, async () => {
      const one = pick(answered())
      if (one && answered().length > 4) await erase(one)
    }),
    repeat(1_000, async () => {
      const bounced = await world
        .query<{ id: string }>(`SELECT id FROM "Email" WHERE status = 'bounced'`)
        .catch(() => [])
      const one = answered().find(
        ({ id, isCorrected }) => !isCorrected && bounced.some((email) => email.id === id),
      )
      const answer = one && (await act(one, 'address', { email: newAddress() }))
      // 409: an earlier answer was lost, and this is another address.
      if (one) one.isCorrected = [202, 409].includes(answer?.status ?? 0)
    }),
    repeat(1_000, () => reportAll(world)),
    // No commit may leave a half-done change, so this looks for one all the time.
    repeat(500, async () => {
      faults.push(...(await findHalves(world).catch(() => [])))
    }),
  ]
  return {
    signups,
    statuses,
    faults,
    signUp,
    async end() {
      isOver = true
      await Promise.all(actors)
    },
  }
}

/** Reports the sent mails as Resend does, signed: most as delivered, some as bounced. */
export async function reportAll(world: World): Promise<void> {
  const sent = await world
    .query<{ id: string; providerId: string }>(
      `SELECT id, "providerId" FROM "Email" WHERE status = 'sent' LIMIT 20`,
    )
    .catch(() => [])
  const reports = sent.map(async ({ id, providerId }) => {
    const data = { email_id: providerId, tags: { email_id: id }, bounce: { type: 'Permanent' } }
    const type = id.startsWith('0') || id.startsWith('1') ? 'email.bounced' : 'email.delivered'
    await report(world, type, data, {}, world.web.url)
      .then((response) => response.text())
      .catch(() => undefined)
  })
  await Promise.all(reports)
}

/** Returns another address each time, as a proxy of ours would write it. */
function newVisitor(): string {
  const part = (): number => Math.floor(Math.random() * 256)
  return `10.${part()}.${part()}.${part()}`
}
