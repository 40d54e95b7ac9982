'use client'

import type { Tasks as State } from '@/lib/tasks'
import { ExportData } from './export-data'
import { InviteFriends } from './invite-friends'
import { Refusal } from './refusal'
import { useTasks } from './use-tasks'

type Props = {
  ticketId: string
  /** Absent right after the signup. */
  initial?: State
  sandbox: boolean
}

/** What the owner of a ticket can ask for besides: the next kinds of job. */
export default function Tasks({ ticketId, initial, sandbox }: Props) {
  const { tasks, problem, note, update } = useTasks(ticketId, initial)
  if (!tasks && !problem) return null
  return (
    <section aria-labelledby="tasks" className="mt-20 border-t-2 border-ink pt-10 sm:mt-28 sm:pt-12">
      <h2 id="tasks" className="text-4xl leading-none font-bold tracking-[-0.03em] sm:text-5xl">
        More orders?
      </h2>
      <p className="mt-5 max-w-xl text-xl text-pretty text-muted">
        Ask for something that takes longer. You get your answer at once again, and can watch or walk away.
      </p>
      <Refusal problem={problem} />
      {tasks && (
        <div className="mt-12 grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-16 lg:grid-cols-2">
          {tasks.invitations && (
            <InviteFriends
              ticketId={ticketId}
              state={tasks.invitations}
              note={note}
              sandbox={sandbox}
              onChange={(invitations) => update({ invitations })}
            />
          )}
          <ExportData
            ticketId={ticketId}
            state={tasks.export}
            note={note}
            onChange={(state) => update({ export: state })}
          />
        </div>
      )}
    </section>
  )
}
