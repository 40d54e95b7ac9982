import { type Problem, readProblem, UNREACHABLE } from '@/app/components/signup/send-signup'

export type OrderAnswer<Data> = { data: Data } | { problem: Problem }

/** Asks the server for something in the name of a ticket's owner. It never throws. */
export async function callOrder<Data>(
  ticketId: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<OrderAnswer<Data>> {
  try {
    const response = await fetch(`/api/tickets/${ticketId}/${path}`, {
      method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
    })
    return response.ok ? { data: await response.json() } : { problem: await readProblem(response) }
  } catch {
    return { problem: UNREACHABLE }
  }
}
