import { useState } from 'react'
import type { Snapshot } from '@/lib/status/status'
import type { Problem } from '../signup/send-signup'
import { callServer } from '../site/call-server'
import { Refusal } from '../site/refusal'

type Props = {
  ticketId: string
  /** Called after the request to be erased, without a snapshot if the erasure is already done. */
  onErasure: (snapshot: Snapshot | undefined) => void
}

/** Lets the owner of a ticket sign out, or be erased. */
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
    // The answer to an earlier request was lost, and the erasure is done.
    const isGone = 'problem' in answer && answer.problem.status === 404
    setProblem('problem' in answer && !isGone ? answer.problem : undefined)
    if (isGone) onErasure(undefined)
    else if ('data' in answer) done(answer.data)
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
            We delete your name, your address, your mails and everything you ordered. It can’t be undone.
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
