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

/** The page behind the link “This wasn’t me” in every mail. */
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
        A person gave us your address, to create an account or to invite you. Press the button, and we delete
        it, together with the account if there is one. We also won’t email this mailbox for 30 days.
      </p>
      <button type="button" aria-disabled={pending} onClick={forget} className="mt-8 button">
        Forget my address
      </button>
      <Refusal problem={problem} />
    </>
  )
}

const EXPLAIN = {
  requested: 'A worker deletes everything we know about you. You need not wait for it.',
  waiting:
    'We do not know yet whether the mail service accepted a mail to you. As soon as we do, everything is deleted. You need not wait for it.',
}
