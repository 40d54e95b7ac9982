import type { Metadata } from 'next'
import { headers } from 'next/headers'
import Link from 'next/link'
import { notFound } from 'next/navigation'
import { mayUseSandbox } from '@/app/(stage)/_lib/presenter'
import { completeId, readSteps } from '@/app/(stage)/_lib/trace'
import { Takeaway } from '@/app/(stage)/takeaway'
import { formatDuration, formatOrder } from '@/app/components/site/figures'
import { Headline } from '@/app/components/site/headline'
import { Paper } from '@/app/components/ticket/paper'
import { findOwner } from '@/lib/account/owner'
import { readToken } from '@/lib/account/session'
import { inSandbox } from '@/lib/env'
import { readSnapshot } from '@/lib/live/snapshot'
import { LookAgain } from './look-again'
import { Waterfall } from './waterfall'

export const metadata: Metadata = {
  title: 'Behind this ticket',
  description:
    'One trace of a signup: from the click through the commit, the queue and the worker to the report.',
  robots: { index: false },
}

/** The trace of a signup, for its owner. The presenter may see any, and may shorten the id as a dot of the backstage does. */
export default async function BehindPage({ params }: PageProps<'/tickets/[id]/behind'>) {
  const [given, asked] = [(await params).id, await headers()]
  const isPresenter = mayUseSandbox(asked)
  const id = isPresenter ? await completeId(given) : given
  const owner = inSandbox() && (await findOwner(id, readToken({ headers: asked })))
  const snapshot = (owner || isPresenter) && (await readSnapshot(id))
  if (!snapshot) notFound()

  const steps = await readSteps(snapshot.id)
  const total = Math.max(0, ...steps.map(({ to }) => to))
  const request = steps.find(({ what }) => what === 'The request')
  const isWhole = snapshot.final && steps.some(({ what }) => what === `Webhook: ${snapshot.status}`)
  return (
    <>
      <Link href={`/tickets/${id}`} className="link text-lg stage:hidden">
        Back to the ticket
      </Link>
      <div className="mt-4 stage:mt-0">
        <Headline news="ticket.">Behind this</Headline>
      </div>
      <p className="lead mt-6 mb-10 max-w-2xl text-xl text-pretty text-muted">
        {owner
          ? 'This is your signup as an operator sees it. You had your answer after the first bar. The rest went on without you.'
          : 'This is a signup as an operator sees it. The answer was there after the first bar. The rest followed.'}
      </p>
      <div className="trace">
        <Paper
          label={`Trace of ticket ${formatOrder(id)}`}
          stub={
            <>
              <p className="text-base text-muted stage:sr-only">Ticket {formatOrder(id)}</p>
              <div className="flex flex-wrap gap-x-16 stage:justify-between stage:gap-x-6">
                <Figure
                  what="The server answered in"
                  value={request && formatDuration(request.to - request.from)}
                />
                <Figure what="Everything took" value={total > 0 ? formatDuration(total) : undefined} />
                {snapshot.attempts > 0 && <Figure what="Attempts" value={`${snapshot.attempts}`} />}
              </div>
            </>
          }
        >
          {steps.length > 0 ? (
            <Waterfall steps={steps} total={total} />
          ) : (
            <p role="status" className="text-lg">
              There is no trace of this signup. The sandbox keeps its last traces in memory, unless
              SANDBOX_TRACES is false.
            </p>
          )}
        </Paper>
      </div>
      <Takeaway className="mt-8 text-3xl leading-tight stage:mt-3 stage:text-[1.9rem] stage:whitespace-nowrap" />
      <LookAgain done={isWhole} />
    </>
  )
}

function Figure({ what, value = '…' }: { what: string; value: string | undefined }) {
  return (
    <p className="mt-5 text-lg stage:mt-0 stage:text-base">
      {what}{' '}
      <strong className="block text-5xl tracking-tight stage:inline stage:text-[1.75rem]">{value}</strong>
    </p>
  )
}
