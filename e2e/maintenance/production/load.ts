import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Snapshot } from '../../../lib/status/status'
import { postSignup, readEvents } from '../../app'
import { findWrongTime } from './visitors'

/** The results of a crowd of visitors. */
export type Report = {
  requests: number
  /** Requests that did not get the answer they should have. */
  failures: string[]
  /** The ids of the emails of all signups that were answered. */
  emails: string[]
  /** How long each signup took, in ms. */
  times: number[]
  /** Streams that broke off, and came back. */
  comebacks: number
}

/**
 * Signs users up at a fixed rate until `stop` is called. Each loads the page with its files, signs up, and watches the
 * ticket until the mail is delivered. Only a stream that ends is opened again.
 */
export function startLoad(url: string, perSecond: number): { report: Report; stop(): Promise<Report> } {
  const report: Report = { requests: 0, failures: [], emails: [], times: [], comebacks: 0 }
  const visits = new Set<Promise<void>>()
  const timer = setInterval(() => {
    const visit = comeIn()
      .catch((error: Error) => void report.failures.push(toReason(error)))
      .finally(() => visits.delete(visit))
    visits.add(visit)
  }, 1000 / perSecond)

  async function comeIn(): Promise<void> {
    const page = await (await get('/')).text()
    const parts = new Set(page.match(/\/_next\/static\/[^"'\\ ]+\.(?:js|css)/g))
    if (parts.size === 0) report.failures.push('a page without any script')
    await Promise.all([...parts].map(async (part) => (await get(part)).arrayBuffer()))

    const [start, firstAsked] = [performance.now(), Date.now()]
    report.requests++
    const answer = await postSignup({ name: 'Ada', email: `${randomUUID()}@example.com` }, {}, url)
    if (answer.status !== 201) throw new Error(`signup: ${answer.status} ${await answer.text()}`)
    const { welcomeEmail } = (await answer.json()) as { welcomeEmail: Snapshot }
    report.times.push(performance.now() - start)
    report.emails.push(welcomeEmail.id)
    report.failures.push(...findWrongTime(welcomeEmail, firstAsked))
    await watch(welcomeEmail.id)
  }

  async function get(path: string): Promise<Response> {
    report.requests++
    const answer = await fetch(url + path)
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
    return answer
  }

  // As a browser does: a stream may end at any time, but asking for one must not fail.
  async function watch(id: string): Promise<void> {
    for (let seen = 0; ; report.comebacks++) {
      report.requests++
      try {
        const events = readEvents(`${url}/api/emails/${id}/events`, { 'last-event-id': `${seen}` })
        for await (const { event, data } of events) {
          if (event !== 'email') continue
          const { version, final } = data as Snapshot
          seen = version
          if (final) return
        }
      } catch (error) {
        // An ended stream looks like this here. Another answer than a stream is a failure.
        if ((error as Error).message !== 'terminated') throw error
      }
      await sleep(1_000)
    }
  }

  return {
    report,
    async stop() {
      clearInterval(timer)
      await Promise.all(visits)
      return report
    },
  }
}

function toReason(error: Error): string {
  const { code, message } = (error.cause ?? {}) as { code?: string; message?: string }
  return [error.message, code ?? message].filter(Boolean).join(': ')
}
