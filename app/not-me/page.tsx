import type { Metadata } from 'next'
import { NotMe } from './not-me'

// Opening the page does nothing: mail programs open links to look what is behind them.
export const metadata: Metadata = {
  title: 'This wasn’t me',
  robots: { index: false },
  referrer: 'no-referrer',
}

export default function NotMePage() {
  return <NotMe />
}
