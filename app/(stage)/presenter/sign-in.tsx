'use client'

import { useEffect, useState } from 'react'
import type { Problem } from '@/app/components/signup/send-signup'
import { callServer } from '@/app/components/site/call-server'
import { Headline } from '@/app/components/site/headline'
import { Refusal } from '@/app/components/site/refusal'

/** Makes this browser the presenter's, with the token that the link has after the `#`. */
export function SignIn() {
  const [problem, setProblem] = useState<Problem>()

  useEffect(() => {
    const link = window.location.hash.slice(1)
    void callServer('POST', '/api/presenter', { link }).then((answer) => {
      if ('problem' in answer) setProblem(answer.problem)
      // Back must not lead to the used link, and the projector must not show it.
      else window.location.replace('/?stage')
    })
  }, [])

  return (
    <>
      <Headline news={problem ? 'doesn’t work.' : 'is opening.'} tone={problem ? 'bad' : 'busy'}>
        {problem ? 'This link' : 'Your stage'}
      </Headline>
      <Refusal problem={problem} />
    </>
  )
}
