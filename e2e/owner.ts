import { randomUUID } from 'node:crypto'
import type { Orders } from '../lib/orders/orders' // orders
import { app, newAddress, postUntilAccepted, readEvents } from './app'

/** A user who has signed up, with the browser's cookie. */
export type Owner = {
  /** Of the ticket. */
  id: string
  userId: string
  email: string
  cookie: string
  /** The web server that they use. */
  url: string
}

export async function signUpOwner(url = app.url, email = newAddress()): Promise<Owner> {
  const response = await postUntilAccepted(email, url)
  const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { user, welcomeEmail } = await response.json()
  return { id: welcomeEmail.id, userId: user.id, email, cookie, url }
}

/** Sends a request about a ticket as its owner's browser would. */
export function act(
  owner: Owner,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${owner.url}/api/tickets/${owner.id}/${path}`, {
    method,
    headers: {
      cookie: owner.cookie,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** Whether this browser may act for the owner. If so, a change without an address is malformed (422), and not refused. */
export const isOwner = async (owner: Owner, cookie = owner.cookie): Promise<boolean> =>
  (await act({ ...owner, cookie }, 'POST', 'address', {})).status === 422

// orders
export const invite = (owner: Owner, emails: unknown): Promise<Response> =>
  act(owner, 'POST', 'invitations', { emails })

// orders
/** Addresses that no other test uses. `kind` is one of the mail service's test addresses. */
export function makeFriends(count: number, kind = 'delivered'): string[] {
  return Array.from({ length: count }, () => `${kind}+${randomUUID()}@resend.dev`)
}

// orders
/** Listens to the stream of the orders until they satisfy the condition, through restarts of anything. */
export async function untilOrders(owner: Owner, satisfies: (orders: Orders) => boolean): Promise<Orders> {
  for (;;) {
    for await (const orders of streamOrders(owner)) if (satisfies(orders)) return orders
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

// orders
/** Yields the orders that one stream sends, up to its end. */
export async function* streamOrders(owner: Owner): AsyncGenerator<Orders> {
  const url = `${owner.url}/api/tickets/${owner.id}/orders/events`
  for await (const { event, data } of readEvents(url, { cookie: owner.cookie })) {
    if (event === 'orders') yield data as Orders
  }
}
