import { useRouter } from 'next/navigation'
import { type ReactNode, useActionState, useEffect, useRef } from 'react'
import type { Snapshot } from '@/lib/status/status'
import { Field } from '../signup/field'
import type { Person, Problem } from '../signup/send-signup'
import { callServer } from '../site/call-server'
import { Refusal } from '../site/refusal'
import { SubmitButton } from '../site/submit-button'

export type Correction = { user: Person; welcomeEmail: Snapshot }

type Props = {
  ticketId: string
  /** The address that bounced. */
  address: string
  /** True after a signup on the same page. */
  fresh: boolean
  onCorrection: (correction: Correction) => void
}

/** Lets the owner correct an address that bounced. The account stays, and a new mail goes out. */
export default function CorrectAddress({ ticketId, address, fresh, onCorrection }: Props): ReactNode {
  const [problem, submit, pending] = useActionState(correct, null)
  const formRef = useRef<HTMLFormElement>(null)
  const errors = problem?.errors?.email

  async function correct(_previous: Problem | null, form: FormData): Promise<Problem | null> {
    const body = { email: form.get('email') }
    const answer = await callServer<Correction>('POST', `/api/tickets/${ticketId}/address`, body)
    if ('problem' in answer) return answer.problem
    onCorrection(answer.data)
    return null
  }

  // The address may be corrected in another tab. Then the server's ticket has another mail. After a signup on the same page, the
  // server's ticket would replace this one, and what is typed into it.
  const router = useRouter()
  useEffect(() => {
    if (fresh) return
    const refresh = (): void => {
      if (!document.hidden) router.refresh()
    }
    document.addEventListener('visibilitychange', refresh)
    return () => document.removeEventListener('visibilitychange', refresh)
  }, [fresh, router])

  useEffect(() => {
    if (errors) formRef.current?.querySelector('input')?.focus()
  }, [errors])

  return (
    <form
      ref={formRef}
      action={submit}
      // React resets a form after its action. The text has to stay until the server accepts it.
      onReset={(event) => event.preventDefault()}
      noValidate
      className="mt-6 max-w-lg"
    >
      <Field
        name="email"
        label="Correct your address"
        errors={errors}
        defaultValue={address}
        type="email"
        inputMode="email"
        autoComplete="email"
        autoCapitalize="none"
        spellCheck={false}
      />
      <SubmitButton pending={pending} className="button">
        {pending ? 'Sending' : 'Send it there'}
      </SubmitButton>
      <Refusal problem={errors ? null : problem} />
    </form>
  )
}
