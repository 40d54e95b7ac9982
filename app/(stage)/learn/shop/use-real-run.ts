import { useState } from 'react'
import { runLane } from '@/app/(stage)/race/run-lane'
import { useMails } from '@/app/(stage)/race/use-mails'
import type { Snapshot } from '@/lib/status/status'
import type { Order } from './simulate'

/** The emails that one stream follows. */
const STREAM = 10

type Signup = { waitedMs: number; emailId?: string }
type Run = {
  phase: 'ready' | 'running' | 'over'
  /** How long each person waited, in ms. */
  people: number[]
  mails: number[]
  /** The shortest request to the mail service, in ms. */
  requestMs: number
  /** True while no worker runs. */
  hasNoWorker: boolean
  start(): Promise<void>
}

/** Sends up to thirty orders as real signups, at their own times, and follows their mails. */
export function useRealRun(orders: Order[]): Run {
  const [started, setStarted] = useState(false)
  const [signups, setSignups] = useState<Signup[]>([])
  const ids = signups.flatMap(({ emailId }) => emailId ?? [])
  const streams = [
    useMails(ids.slice(0, STREAM)),
    useMails(ids.slice(STREAM, 2 * STREAM)),
    useMails(ids.slice(2 * STREAM)),
  ]
  const sent = streams.flatMap(({ mails }) => mails.flatMap(timeMail))
  const settled =
    signups.length > 0 && (sent.length === ids.length || streams.every(({ settled }) => settled))

  return {
    phase: settled ? 'over' : started ? 'running' : 'ready',
    people: signups.map(({ waitedMs }) => waitedMs),
    // The browser measures the wait for the answer, and the database's clock the rest.
    mails: sent.map(
      ({ id, mailMs }) => mailMs + (signups.find(({ emailId }) => emailId === id)?.waitedMs ?? 0),
    ),
    requestMs: Math.min(...sent.map(({ requestMs }) => requestMs)),
    hasNoWorker: !settled && streams.some(({ hasNoWorker }) => hasNoWorker),
    async start() {
      setSignups([])
      setStarted(true)
      // The first request to a route loads its code. This keeps that out of the measurement.
      await fetch('/api/sandbox/race', { method: 'OPTIONS' }).catch(() => {})
      setSignups(await Promise.all(orders.map(signUpInTime)))
    },
  }
}

async function signUpInTime({ at }: Order): Promise<Signup> {
  await new Promise((resolve) => setTimeout(resolve, at))
  const start = performance.now()
  return new Promise((resolve) => {
    void runLane('background', 1, (answer) => {
      const emailId = answer.account ? answer.emailId : undefined
      resolve({ waitedMs: performance.now() - start, emailId })
    })
  })
}

function timeMail({ id, timeline }: Snapshot): { id: string; mailMs: number; requestMs: number }[] {
  const at = (wanted: string): number =>
    Date.parse(timeline.find(({ status }) => status === wanted)?.at ?? '')
  const sent = at('sent')
  if (Number.isNaN(sent)) return []
  return [{ id, mailMs: sent - at('queued'), requestMs: sent - at('sending') }]
}
