'use client'

import { useRouter } from 'next/navigation'
import { useActionState, useEffect, useRef } from 'react'
import type { Snapshot } from '@/lib/email/status'
import type { FormPass } from '@/lib/signup/form'
import { TryAgain } from '../site/try-again'
import { Field } from './field'
import { createKey, type Problem, sendSignup } from './send-signup'
import { Trap } from './trap'

type Props = {
  pass: FormPass
  onSignup: (welcomeEmail: Snapshot, waitedMs: number) => void
}

export function SignupForm({ pass, onSignup }: Props) {
  const router = useRouter()
  const formRef = useRef<HTMLFormElement>(null)
  const alertRef = useRef<HTMLDivElement>(null)
  const last = useRef({ person: '', key: '' })
  const readyAt = useRef(0)
  const [problem, submit, pending] = useActionState(signUp, null)

  async function signUp(_previous: Problem | null, form: FormData): Promise<Problem | null> {
    const { website, ...person } = Object.fromEntries(form)
    const asText = JSON.stringify(person)
    if (last.current.person !== asText) last.current = { person: asText, key: createKey() }

    await untilReady(readyAt.current)
    const body = JSON.stringify({ ...person, website, form: pass.token })
    const answer = await sendSignup(body, last.current.key)
    if ('problem' in answer) {
      // The page was made with an older key: it gets a new token, and keeps what was typed.
      if (answer.problem.errors?.form) router.refresh()
      return answer.problem
    }
    onSignup(answer.welcomeEmail, answer.waitedMs)
    return null
  }

  useEffect(() => {
    readyAt.current = performance.now() + pass.minSeconds * 1000
  }, [pass])

  useEffect(() => {
    if (!problem) return
    alertRef.current?.scrollIntoView({ block: 'nearest' })
    formRef.current?.querySelector<HTMLInputElement>('[aria-invalid]')?.focus()
  }, [problem])

  return (
    <form
      ref={formRef}
      action={submit}
      // React empties a form after its action; what somebody has typed stays theirs until it is accepted.
      onReset={(event) => event.preventDefault()}
      // The server is the one judge of what is valid.
      noValidate
    >
      <Field name="name" label="Name" errors={problem?.errors?.name} autoComplete="name" />
      <Field
        name="email"
        label="Email"
        errors={problem?.errors?.email}
        type="email"
        inputMode="email"
        autoComplete="email"
        autoCapitalize="none"
        spellCheck={false}
      />
      <Trap />
      <button
        type="submit"
        aria-disabled={pending}
        onClick={(event) => pending && event.preventDefault()}
        className="mt-2 w-full button aria-disabled:cursor-progress sm:w-auto sm:min-w-64"
      >
        {pending ? 'Signing you up' : 'Sign me up'}
      </button>
      <div ref={alertRef} role="alert" className="min-h-16 pt-4 text-lg">
        {problem && <Complaint problem={problem} />}
      </div>
    </form>
  )
}

// Whoever has a password manager may be quicker than any program would be believed to be.
async function untilReady(time: number): Promise<void> {
  const ms = time - performance.now()
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
}

function Complaint({ problem: { title, detail, errors = {}, retryAt } }: { problem: Problem }) {
  const { name, email, ...others } = errors
  // The fields show their own errors; only a screen reader needs to hear that there are some.
  if (name || email) return <p className="sr-only">{title}</p>
  return (
    <p>
      <strong className="block font-semibold text-bad">{title}</strong>{' '}
      {detail ?? Object.values(others).flat().join(' ')}
      <TryAgain at={retryAt} />
    </p>
  )
}
