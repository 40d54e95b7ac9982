import { useCallback, useEffect, useState } from 'react'
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
  /** Merges an answer of the server. */
  update: (part: Partial<Orders>) => void
}

const RETRY_MS = 3_000

/** The orders of a ticket, live while an order is in flight. */
export function useOrders(ticketId: string, initial: Orders | undefined): Live {
  const [orders, setOrders] = useState(initial)
  const [problem, setProblem] = useState<Problem>()
  const [connection, setConnection] = useState<Connection>('live')
  const [stranded, setStranded] = useState(false)
  const asked = orders !== undefined
  const final = orders?.final ?? true

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
      else if ((problem?.status ?? 500) >= 500) timer = window.setTimeout(ask, RETRY_MS)
    }
    void ask()
    return () => {
      left = true
      window.clearTimeout(timer)
    }
  }, [ticketId, asked])

  // A browser allows six streams per host, so this one is open only while an order is in flight.
  useEffect(() => {
    if (final) return
    const listeners = {
      orders: (next: Orders) => {
        setOrders(next)
        setStranded(false)
      },
      workers: ({ workers }: { workers: number }) => setStranded(workers === 0),
    }
    return watchEvents(`/api/tickets/${ticketId}/orders/events`, listeners, setConnection)
  }, [ticketId, final])

  // A stream that opens later starts with the whole state, so it corrects this.
  const update = useCallback((part: Partial<Orders>) => {
    setOrders((current) => current && { ...current, ...part, final: false })
  }, [])

  return { orders, problem, note: final ? undefined : explainSilence(connection, stranded), update }
}

function explainSilence(connection: Connection, stranded: boolean): string | undefined {
  if (connection === 'lost') return LOST
  if (stranded) return 'No worker is on duty. It goes on as soon as one starts.'
}
