import { useCallback, useEffect, useRef, useState } from 'react'
import type { Problem } from '@/app/components/signup/send-signup'
import { type Connection, watchEvents } from '@/app/components/ticket/watch-events'
import { LOST } from '@/app/components/ticket/words'
import type { Orders } from '@/lib/orders/orders'
import { callOrder } from './call-order'

type Live = {
  /** Undefined until the first answer. */
  orders: Orders | undefined
  problem: Problem | undefined
  /** Why nothing moves at the moment. */
  note: string | undefined
  /** Merges an answer of the server to a call that began at `startedAt`. */
  update: (part: Partial<Orders>, startedAt: number) => void
}

const RETRY_MS = 3_000
/** Not signed in, not your ticket, no ticket: to ask again does not help. */
const REFUSED = [401, 403, 404]

/** The orders of a ticket, live while an order is in flight. */
export function useOrders(ticketId: string, initial: Orders | undefined): Live {
  const [orders, setOrders] = useState(initial)
  const [problem, setProblem] = useState<Problem>()
  const [connection, setConnection] = useState<Connection>('live')
  const [hasNoWorker, setHasNoWorker] = useState(false)
  const asked = orders !== undefined
  const heardAt = useRef(0)
  // A new number opens a new stream.
  const [number, setNumber] = useState(1)
  const watched = orders?.final === false && !problem ? number : undefined

  useEffect(() => {
    if (asked) return
    let timer: number | undefined
    let left = false
    const ask = async (): Promise<void> => {
      const answer = await callOrder<Orders>(ticketId, 'GET', 'orders')
      if (left) return
      const { problem } = 'problem' in answer ? answer : {}
      setProblem(problem)
      if ('data' in answer) setOrders(answer.data)
      else if ((problem?.status ?? 500) >= 500 || problem?.status === 429)
        timer = window.setTimeout(ask, toDelay(problem))
    }
    void ask()
    return () => {
      left = true
      window.clearTimeout(timer)
    }
  }, [ticketId, asked])

  // A browser allows six streams per host, so this one is open only while an order is in flight.
  useEffect(() => {
    if (!watched) return
    let left = false
    const listeners = {
      orders: (next: Orders) => {
        heardAt.current = performance.now()
        setOrders(next)
        setHasNoWorker(false)
      },
      workers: ({ workers }: { workers: number }) => setHasNoWorker(workers === 0),
      denied: () => void handleConnection('lost'),
    }
    const handleConnection = async (next: Connection): Promise<void> => {
      setConnection(next)
      if (next === 'live') return
      // A stream does not say why it was refused.
      const answer = await callOrder<Orders>(ticketId, 'GET', 'orders')
      const refused = 'problem' in answer && REFUSED.includes(answer.problem.status ?? 0)
      if (refused && !left) setProblem(answer.problem)
    }
    const stopWatching = watchEvents(`/api/tickets/${ticketId}/orders/events`, listeners, handleConnection)
    return () => {
      left = true
      stopWatching()
    }
  }, [ticketId, watched])

  // If the stream has sent an event since the call began, that event may be newer than the answer. It may also have ended the
  // stream. A new stream starts with the whole state.
  const update = useCallback((part: Partial<Orders>, startedAt: number) => {
    const isNewest = heardAt.current < startedAt
    if (!isNewest) setNumber((previous) => previous + 1)
    setProblem(undefined)
    setOrders((current) => current && { ...current, ...(isNewest && part), final: false })
  }, [])

  return { orders, problem, note: watched ? explainSilence(connection, hasNoWorker) : undefined, update }
}

function toDelay(problem: Problem | undefined): number {
  return Math.max(RETRY_MS, problem?.retryAt ? Date.parse(problem.retryAt) - Date.now() : 0)
}

function explainSilence(connection: Connection, hasNoWorker: boolean): string | undefined {
  if (connection === 'lost') return LOST
  if (hasNoWorker) return 'No worker is on duty. It goes on as soon as one starts.'
}
