'use client'

import { useState } from 'react'
import type { Problem } from '@/app/components/signup/send-signup'
import { callServer } from '@/app/components/site/call-server'
import { Headline } from '@/app/components/site/headline'
import { Refusal } from '@/app/components/site/refusal'

/** The page behind the link that is mailed for a lost ticket. */
export function OpenTicket({ link }: { link: string }) {
  const [problem, setProblem] = useState<Problem>()
  const [pending, setPending] = useState(false)

  async function open(): Promise<void> {
    if (pending) return
    setPending(true)
    const answer = await callServer<{ ticketId: string }>('POST', `/api/tickets/lost/${link}`)
    // Back must not lead to the used link.
    if ('data' in answer) return window.location.replace(`/tickets/${answer.data.ticketId}`)
    setPending(false)
    setProblem(answer.problem)
  }

  return (
    <>
      <Headline news="found it.">We have</Headline>
      <p className="mt-6 max-w-xl text-xl text-pretty text-muted">
        Press the button, and this browser holds your ticket. Any other browser that held it is signed out.
      </p>
      <button type="button" aria-disabled={pending} onClick={open} className="mt-8 button">
        Open my ticket
      </button>
      <Refusal problem={problem} />
    </>
  )
}
