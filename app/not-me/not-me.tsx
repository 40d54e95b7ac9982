'use client'

import { useState } from 'react'
import type { Problem } from '@/app/components/signup/send-signup'
import { BrokenLink } from '@/app/components/site/broken-link'
import { callServer } from '@/app/components/site/call-server'
import { FromMail } from '@/app/components/site/from-mail'
import { Headline } from '@/app/components/site/headline'
import { Refusal } from '@/app/components/site/refusal'
import { useHeadlineFocus } from '@/app/components/site/use-headline-focus'
import { useSnapshot } from '@/app/components/ticket/use-snapshot'
import { NO_WORKER } from '@/app/components/ticket/words'
import type { Snapshot } from '@/lib/status/status'
import { Answer } from './answer'

/** The page behind the link “This wasn’t me” in every mail. */
export function NotMe() {
  return <FromMail>{(link) => <Question key={link} link={link} />}</FromMail>
}

type Forgetting = {
  /** True when a mail asks the owner of an account first. */
  isAsked: boolean
  /** The mail that the link was in, if its user is being erased. */
  erasing: Snapshot | null
}

function Question({ link }: { link: string }) {
  const [answer, setAnswer] = useState<Forgetting>()
  const [problem, setProblem] = useState<Problem>()
  const [pending, setPending] = useState(false)

  async function forget(): Promise<void> {
    if (pending) return
    setPending(true)
    const answer = await callServer<Forgetting>('POST', '/api/not-me', { link })
    setPending(false)
    if ('problem' in answer) setProblem(answer.problem)
    else setAnswer(answer.data)
  }

  const isBroken = problem?.status === 404
  useHeadlineFocus(isBroken || answer !== undefined)

  if (isBroken) return <BrokenLink />
  if (answer?.isAsked) return ASKED
  if (answer?.erasing) return <Erasing initial={answer.erasing} />
  if (answer) return FORGOTTEN
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

function Erasing({ initial }: { initial: Snapshot }) {
  const { snapshot, hasNoWorker, erased } = useSnapshot(initial)
  // Both have the same headline element, which may have the focus.
  if (erased || !snapshot.erasure) return FORGOTTEN
  return (
    <Answer start="We are" news="forgetting you.">
      {hasNoWorker ? NO_WORKER.erasure : EXPLAIN[snapshot.erasure]}
    </Answer>
  )
}

const FORGOTTEN = (
  <Answer start="We have" news="forgotten you." tone="good">
    Whatever this mail was about, it no longer has your address. We won’t email this mailbox for 30 days, even
    if a new signup or invitation names it.
  </Answer>
)

const ASKED = (
  <Answer start="Are you" news="sure?">
    An account belongs to this mailbox, and its owner has used it. A mail in the mailbox asks first. Its
    button works for a day after we sent it.
  </Answer>
)

const EXPLAIN = {
  requested: 'A worker deletes everything we know about you. You need not wait for it.',
  waiting:
    'We do not know yet whether the mail service accepted a mail to you. As soon as we do, everything is deleted. You need not wait for it.',
}
