'use client'

import { useState } from 'react'
import type { Problem } from '@/app/components/signup/send-signup'
import { BrokenLink } from '@/app/components/site/broken-link'
import { callServer } from '@/app/components/site/call-server'
import { FromMail } from '@/app/components/site/from-mail'
import { Headline } from '@/app/components/site/headline'
import { Refusal } from '@/app/components/site/refusal'
import { useHeadlineFocus } from '@/app/components/site/use-headline-focus'
import { Over } from './over'

/** The page behind the link that is mailed for a lost ticket. */
export function LostTicket() {
  return <FromMail>{(link) => <OpenTicket key={link} link={link} />}</FromMail>
}

function OpenTicket({ link }: { link: string }) {
  const [problem, setProblem] = useState<Problem>()
  const [pending, setPending] = useState(false)

  async function open(): Promise<void> {
    if (pending) return
    setPending(true)
    const answer = await callServer<{ ticketId: string }>('POST', '/api/tickets/open', { link })
    // Back must not lead to the used link.
    if ('data' in answer) return window.location.replace(`/tickets/${answer.data.ticketId}`)
    setPending(false)
    setProblem(answer.problem)
  }

  const [isBroken, isOver] = [problem?.status === 404, problem?.status === 410]
  useHeadlineFocus(isBroken || isOver)

  if (isBroken) return <BrokenLink />
  if (isOver) return <Over />
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
