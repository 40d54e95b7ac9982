'use client'

import { useActionState, useEffect, useRef } from 'react'
import type { Snapshot } from '@/lib/email/status'
import { Field } from './field'
import { createKey, type Problem, sendSignup } from './send-signup'

type Props = { onSignup: (welcomeEmail: Snapshot, waitedMs: number) => void }

export function SignupForm({ onSignup }: Props) {
  const formRef = useRef<HTMLFormElement>(null)
  const alertRef = useRef<HTMLDivElement>(null)
  const last = useRef({ body: '', key: '' })
  const [problem, submit, pending] = useActionState(signUp, null)

  async function signUp(_previous: Problem | null, form: FormData): Promise<Problem | null> {
    const body = JSON.stringify({ name: form.get('name'), email: form.get('email') })
    if (last.current.body !== body) last.current = { body, key: createKey() }

    const answer = await sendSignup(body, last.current.key)
    if ('problem' in answer) return answer.problem
    onSignup(answer.welcomeEmail, answer.waitedMs)
    return null
  }

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

function Complaint({ problem }: { problem: Problem }) {
  // The fields show their own errors; only a screen reader needs to hear that there are some.
  if (problem.errors?.name || problem.errors?.email) return <p className="sr-only">{problem.title}</p>
  return (
    <p>
      <strong className="block font-semibold text-bad">{problem.title}</strong> {problem.detail}
    </p>
  )
}
