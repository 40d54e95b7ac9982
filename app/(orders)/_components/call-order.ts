import { type Answer, callServer } from '@/app/components/site/call-server'

/** Asks the server for something in the name of a ticket's owner. It never throws. */
export function callOrder<Data>(
  ticketId: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer<Data>> {
  return callServer<Data>(method, `/api/tickets/${ticketId}/${path}`, body)
}
