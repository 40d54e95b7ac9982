import { useState } from 'react'
import { send } from './send'

const CROWDS = [1, 10, 100]

/** Lets some people sign up who don't exist. */
export function SignupButtons() {
  const [complaint, setComplaint] = useState('')
  const [pending, setPending] = useState(0)

  async function signUp(count: number): Promise<void> {
    setPending((before) => before + 1)
    const result = await send('POST', '/api/sandbox/signups', { count })
    setComplaint('complaint' in result ? result.complaint : '')
    setPending((before) => before - 1)
  }

  return (
    <fieldset>
      <legend className="mb-2 text-xl text-muted">
        Send demo signups <span role="status">{pending > 0 && '…'}</span>
      </legend>
      <div className="flex gap-2">
        {CROWDS.map((count) => (
          <button
            key={count}
            type="button"
            aria-label={count === 1 ? 'Send 1 demo signup' : `Send ${count} demo signups`}
            onClick={() => signUp(count)}
            className="min-w-18 button px-4 py-2 text-2xl tabular-nums"
          >
            {count}
          </button>
        ))}
      </div>
      <p role="alert" className="text-base text-bad">
        {complaint}
      </p>
    </fieldset>
  )
}
