'use client'

import { useState } from 'react'
import type { Problem } from '@/app/components/signup/send-signup'
import { callServer } from '@/app/components/site/call-server'
import { Headline } from '@/app/components/site/headline'
import { Refusal } from '@/app/components/site/refusal'
import { useSnapshot } from '@/app/components/ticket/use-snapshot'
import { STRANDED } from '@/app/components/ticket/words'
import type { Snapshot } from '@/lib/status/status'
import { Forgotten } from './forgotten'

/** Where the link in a mail leads: somebody can say that they have not asked for it. */
export function NotMe({ link, initial }: { link: string; initial: Snapshot }) {
  const { snapshot, stranded, erased, update } = useSnapshot(initial)
  const [problem, setProblem] = useState<Problem>()
  const [pending, setPending] = useState(false)

  async function forget(): Promise<void> {
    if (pending) return
    setPending(true)
    const answer = await callServer<Snapshot | undefined>('POST', `/api/not-me/${link}`)
    setPending(false)
    if ('problem' in answer) setProblem(answer.problem)
    else update(answer.data)
  }

  if (erased) return <Forgotten />
  if (snapshot.erasure) {
    return (
      <>
        <Headline news="forgetting you.">We are</Headline>
        <p role="status" className="mt-6 max-w-xl text-xl text-pretty text-muted">
          {stranded ? STRANDED.erasure : EXPLAIN[snapshot.erasure]}
        </p>
      </>
    )
  }
  return (
    <>
      <Headline news="wasn’t you?">This</Headline>
      <p className="mt-6 max-w-xl text-xl text-pretty text-muted">
        Somebody has given us your address, for an account or to invite you. Press the button, and we forget
        it, with the account if there is one. And whoever asks us to, we don’t write to this mailbox for 30
        days.
      </p>
      <button type="button" aria-disabled={pending} onClick={forget} className="mt-8 button">
        Forget my address
      </button>
      <Refusal problem={problem} />
    </>
  )
}

const EXPLAIN = {
  requested: 'A worker removes all that we know of you. You need not wait for it.',
  waiting:
    'A mail to you is under way, and nobody knows yet whether it was accepted. When that is certain, everything goes. You need not wait for it.',
}
