import { type Answer, callServer } from '@/app/components/site/call-server'

/** The server's answer, and how long it took. */
export type OrderAnswer<Data> = Answer<Data> & { waitedMs: number }

/** Calls a route of a ticket and measures the wait. Never throws. */
export async function callOrder<Data>(
  ticketId: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<OrderAnswer<Data>> {
  const start = performance.now()
  const answer = await callServer<Data>(method, `/api/tickets/${ticketId}/${path}`, body)
  return { ...answer, waitedMs: Math.max(1, Math.round(performance.now() - start)) }
}
