import type { Metadata } from 'next'
import { LostTicket } from './open-ticket'

// Opening the page does nothing: mail programs open links to look what is behind them.
export const metadata: Metadata = {
  title: 'Open your ticket',
  robots: { index: false },
  referrer: 'no-referrer',
}

export default function LostTicketPage() {
  return <LostTicket />
}
