import type { Metadata } from 'next'
import Link from 'next/link'
import { Headline } from './components/site/headline'
import { Spread } from './components/site/spread'
import { Paper } from './components/ticket/paper'
import { Stamp } from './components/ticket/stamp'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <Spread aside={<VoidTicket />}>
      <Headline news="nothing here.">There is</Headline>
      <p className="mt-6 max-w-lg text-xl text-muted">
        The address may be mistyped, or the ticket it belongs to is gone.
      </p>
      <Link href="/" className="mt-8 link text-xl font-semibold">
        Go to the signup
      </Link>
    </Spread>
  )
}

function VoidTicket() {
  return (
    <Paper
      label="A ticket that is void"
      stub={<p className="text-[9rem] leading-none font-semibold tracking-[-0.06em]">404</p>}
    >
      <Stamp words={{ line: 'void', tone: 'bad' }} />
    </Paper>
  )
}
