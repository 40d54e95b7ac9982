import { useState } from 'react'
import type { Snapshot } from '@/lib/status/status'
import type { Problem } from '../signup/send-signup'
import { callServer } from '../site/call-server'
import { Refusal } from '../site/refusal'

type Props = {
  ticketId: string
  /** What the server answers when somebody wants to be forgotten: nothing, if that is done already. */
  onErasure: (snapshot: Snapshot | undefined) => void
}

/** What the owner of a ticket can do with it: let go of it, or have everything erased. */
export function Account({ ticketId, onErasure }: Props) {
  const [problem, setProblem] = useState<Problem>()
  const [pending, setPending] = useState(false)

  async function call<Data>(
    method: 'POST' | 'DELETE',
    path: string,
    done: (data: Data) => void,
  ): Promise<void> {
    if (pending) return
    setPending(true)
    const answer = await callServer<Data>(method, path)
    setPending(false)
    setProblem('problem' in answer ? answer.problem : undefined)
    if ('data' in answer) done(answer.data)
  }

  return (
    <section aria-label="Your account" className="mt-20 border-t-2 border-line pt-4 text-lg text-muted">
      <div className="flex flex-wrap items-start gap-x-8">
        <p className="py-2">This browser holds your ticket.</p>
        <button
          type="button"
          aria-disabled={pending}
          onClick={() => call('DELETE', '/api/session', () => window.location.reload())}
          className="link cursor-pointer"
        >
          Sign out
        </button>
        <details className="max-w-md">
          <summary className="link cursor-pointer list-none [&::-webkit-details-marker]:hidden">
            Erase me
          </summary>
          <p className="mt-2 text-pretty">
            Your name, your address, your mails and all that you have ordered: everything goes. It can’t be
            undone.
          </p>
          <button
            type="button"
            aria-disabled={pending}
            onClick={() => call<Snapshot | undefined>('POST', `/api/tickets/${ticketId}/erasure`, onErasure)}
            className="mt-4 button bg-bad"
          >
            Erase everything
          </button>
        </details>
      </div>
      <Refusal problem={problem} />
    </section>
  )
}
