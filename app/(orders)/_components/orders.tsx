'use client'

import { Refusal } from '@/app/components/site/refusal'
import type { Orders as State } from '@/lib/orders/orders'
import { ExportData } from './export-data'
import { InviteFriends } from './invite-friends'
import { useOrders } from './use-orders'

type Props = {
  ticketId: string
  /** Absent right after the signup. */
  initial?: State
}

/** The orders of a ticket's owner: invitations and export. */
export default function Orders({ ticketId, initial }: Props) {
  const { orders, problem, note, update } = useOrders(ticketId, initial)
  if (!orders && !problem) return null
  return (
    <section aria-labelledby="orders" className="mt-20 border-t-2 border-ink pt-10 sm:mt-28 sm:pt-12">
      <h2 id="orders" className="text-4xl leading-none font-bold sm:text-5xl">
        More orders?
      </h2>
      <p className="mt-5 max-w-xl text-xl text-pretty text-muted">
        Ask for something that takes longer. You get your answer at once again, and can watch or walk away.
      </p>
      <Refusal problem={problem} />
      {orders && (
        <div className="mt-12 grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-16 lg:grid-cols-2">
          {orders.invitations && (
            <InviteFriends
              ticketId={ticketId}
              state={orders.invitations}
              note={note}
              onChange={(invitations, startedAt) => update({ invitations }, startedAt)}
            />
          )}
          <ExportData
            ticketId={ticketId}
            state={orders.export}
            note={note}
            onChange={(state, startedAt) => update({ export: state }, startedAt)}
          />
        </div>
      )}
    </section>
  )
}
