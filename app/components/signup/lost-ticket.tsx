import { type ReactNode, useEffect, useRef, useState } from 'react'
import { callServer } from '../site/call-server'
import { Refusal } from '../site/refusal'
import type { Problem } from './send-signup'

/** Offers to send the ticket of an address that is taken. It reveals no more than the 409 did. */
export default function LostTicket({ email }: { email: string }): ReactNode {
  const [problem, setProblem] = useState<Problem>()
  const [state, setState] = useState<'idle' | 'pending' | 'asked'>('idle')

  const answerRef = useRef<HTMLParagraphElement>(null)

  // The focused button is removed.
  useEffect(() => {
    if (state === 'asked') answerRef.current?.focus()
  }, [state])

  async function ask(): Promise<void> {
    if (state === 'pending') return
    setState('pending')
    const answer = await callServer('POST', '/api/tickets/lost', { email })
    setState('problem' in answer ? 'idle' : 'asked')
    setProblem('problem' in answer ? answer.problem : undefined)
  }

  return (
    <>
      <p ref={answerRef} tabIndex={-1} className="max-w-lg text-pretty outline-none">
        {state === 'asked'
          ? 'If this address has a ticket, we have sent it a link. The link works once, and for an hour.'
          : 'Is it yours? We can send you your ticket again.'}
      </p>
      {state !== 'asked' && (
        <button
          type="button"
          aria-disabled={state === 'pending'}
          onClick={ask}
          className="link cursor-pointer font-semibold aria-disabled:cursor-progress"
        >
          Send me my ticket
        </button>
      )}
      <Refusal problem={problem} />
    </>
  )
}
