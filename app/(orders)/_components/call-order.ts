import { type Answer, callServer } from '@/app/components/site/call-server'

/** The server's answer, and how long it took. `startedAt` is by `performance.now()`. */
export type OrderAnswer<Data> = Answer<Data> & { startedAt: number; waitedMs: number }

/** Calls a route of a ticket and measures the wait. Never throws. */
export async function callOrder<Data>(
  ticketId: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<OrderAnswer<Data>> {
  const startedAt = performance.now()
  const answer = await callServer<Data>(method, `/api/tickets/${ticketId}/${path}`, body)
  return { ...answer, startedAt, waitedMs: Math.max(1, Math.round(performance.now() - startedAt)) }
}
