'use client'

import { useRouter } from 'next/navigation'
import { lazy, Suspense, useActionState, useEffect, useRef, useState } from 'react'
import type { FormPass } from '@/lib/protection/form-token'
import { SubmitButton } from '../site/submit-button'
import { TryAgain } from '../site/try-again'
import { Field } from './field'
import { createKey, type Problem, type Signup, sendSignup } from './send-signup'
import { Trap } from './trap'

type Props = {
  pass: FormPass
  onSignup: (signup: Signup) => void
}

/** Why the signup is not done yet: the server rejected it, or the address looks like a typo. */
type Pause = { email: string } & ({ problem: Problem } | { suggestion: string })

export function SignupForm({ pass, onSignup }: Props) {
  const router = useRouter()
  const formRef = useRef<HTMLFormElement>(null)
  const alertRef = useRef<HTMLDivElement>(null)
  const last = useRef({ person: '', key: '' })
  const readyAt = useRef(0)
  const buttonRef = useRef<HTMLButtonElement>(null)
  const [typed] = useState(readTyped)
  const [pause, submit, pending] = useActionState(signUp, null)
  const problem = pause && 'problem' in pause ? pause.problem : undefined

  async function signUp(previous: Pause | null, form: FormData): Promise<Pause | null> {
    const { website, ...person } = Object.fromEntries(form)
    const email = String(person.email)
    const suggestion = await findSuggestion(email)
    // The question comes once. Submitting again confirms the address.
    if (suggestion && email !== previous?.email) return { email, suggestion }

    const asText = JSON.stringify(person)
    if (last.current.person !== asText) last.current = { person: asText, key: createKey() }

    await untilReady(readyAt.current)
    const body = JSON.stringify({ ...person, website, form: pass.token })
    const answer = await sendSignup(body, last.current.key)
    if ('problem' in answer) {
      // The server rejected the form token. This fetches a new one and keeps the fields.
      if (answer.problem.errors?.form) router.refresh()
      return { email, problem: answer.problem }
    }
    onSignup(answer)
    return null
  }

  useEffect(() => {
    readyAt.current = performance.now() + pass.minSeconds * 1000
  }, [pass])

  useEffect(() => {
    if (!pause) return
    alertRef.current?.scrollIntoView({ block: 'nearest' })
    formRef.current?.querySelector<HTMLInputElement>('[aria-invalid]')?.focus()
  }, [pause])

  function takeAddress(address: string): void {
    const field = formRef.current?.elements.namedItem('email') as HTMLInputElement
    field.value = address
    buttonRef.current?.focus()
    buttonRef.current?.click()
  }

  return (
    <form
      ref={formRef}
      name={FORM}
      onFocus={loadSuggestions}
      action={submit}
      // React resets a form after its action. The text has to stay until the server accepts it.
      onReset={(event) => event.preventDefault()}
      // Only the server validates.
      noValidate
    >
      <Field
        name="name"
        label="Name"
        errors={problem?.errors?.name}
        defaultValue={typed?.name}
        autoComplete="name"
      />
      <Field
        name="email"
        label="Email"
        errors={problem?.errors?.email}
        defaultValue={typed?.email}
        type="email"
        inputMode="email"
        autoComplete="email"
        autoCapitalize="none"
        spellCheck={false}
      >
        <div role="alert">
          {pause && 'suggestion' in pause && !pending && (
            <DidYouMean address={pause.suggestion} onTake={() => takeAddress(pause.suggestion)} />
          )}
        </div>
      </Field>
      <Trap />
      <SubmitButton ref={buttonRef} pending={pending} className="mt-2 w-full button sm:w-auto sm:min-w-64">
        {pending ? 'Signing you up' : 'Sign me up'}
      </SubmitButton>
      <noscript>
        <p className="pt-4 text-lg">
          This form needs JavaScript: please turn it on, and load the page again.
        </p>
      </noscript>
      <div ref={alertRef} role="alert" className="min-h-16 pt-4 text-lg">
        {problem && <SignupError problem={problem} />}
        {pause && problem?.title === TAKEN && (
          <Suspense>
            <LostTicket key={pause.email} email={pause.email} />
          </Suspense>
        )}
      </div>
    </form>
  )
}

// Loaded when needed. If the download fails, the form works without them.
const LostTicket = lazy(() => import('./lost-ticket').catch(() => ({ default: () => null })))
const SUGGESTIONS_MS = 1_000
const loadSuggestions = () => import('./suggest-address').catch(() => undefined)

async function findSuggestion(email: string): Promise<string | undefined> {
  // A download that stalls must not stop the signup.
  const timeout = new Promise<undefined>((resolve) => setTimeout(resolve, SUGGESTIONS_MS))
  return (await Promise.race([loadSuggestions(), timeout]))?.suggestAddress(email)
}

const FORM = 'signup'

/** Reads the text typed before the page was ready. React makes a new form if an extension has changed the server's. */
function readTyped(): Record<string, string> | undefined {
  const form = typeof document === 'undefined' ? null : document.forms.namedItem(FORM)
  return form ? (Object.fromEntries(new FormData(form)) as Record<string, string>) : undefined
}

const TAKEN = 'Email already registered'

function DidYouMean({ address, onTake }: { address: string; onTake: () => void }) {
  return (
    <>
      <p className="[overflow-wrap:anywhere]">
        Did you mean <strong className="font-semibold">{address}</strong>?{' '}
        <button type="button" onClick={onTake} className="link cursor-pointer font-semibold">
          Yes, sign up with that
        </button>
      </p>
      <p className="pb-4 text-muted">If yours is right, press “Sign me up” again.</p>
    </>
  )
}

// The server rejects a form that comes back too soon. A password manager can be that quick.
async function untilReady(time: number): Promise<void> {
  const ms = time - performance.now()
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
}

function SignupError({ problem: { title, detail, errors = {}, retryAt } }: { problem: Problem }) {
  const { name, email, ...others } = errors
  // The fields show their own errors. A screen reader still needs the title.
  if (name || email) return <p className="sr-only">{title}</p>
  return (
    <p>
      <strong className="block font-semibold text-bad">{title}</strong>{' '}
      <span>{detail ?? Object.values(others).flat().join(' ')}</span>
      <TryAgain at={retryAt} />
    </p>
  )
}
