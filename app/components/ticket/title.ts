import { formatOrder } from '../site/figures'

/** The title of a ticket without the site's name. The status comes first: a tab shows little more. */
export function nameTicket(ticketId: string, status: string): string {
  return `${status.charAt(0).toUpperCase()}${status.slice(1)} · Ticket ${formatOrder(ticketId)}`
}
