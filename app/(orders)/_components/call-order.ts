import { type Answer, callServer } from '@/app/components/site/call-server'

/** What the server says, and how long somebody waited for it. */
export type OrderAnswer<Data> = Answer<Data> & { waitedMs: number }

/** Asks the server for something in the name of a ticket's owner, and measures the wait. It never throws. */
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
