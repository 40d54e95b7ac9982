import { useState } from 'react'
import { Reading } from './numbers'
import { send } from './send'

const CROWDS = [1, 10, 100]

/** Lets people sign up who don’t exist, and tells how long each of them waited. */
export function SignupButtons() {
  const [complaint, setComplaint] = useState('')
  const [medianMs, setMedianMs] = useState<number>()

  async function signUp(count: number): Promise<void> {
    const result = await send<{ medianMs: number }>('POST', '/api/sandbox/signups', { count })
    if ('complaint' in result) return setComplaint(result.complaint)
    setComplaint('')
    setMedianMs(result.answer.medianMs)
  }

  return (
    <>
      <fieldset>
        <legend className="sr-only">Demo signups</legend>
        <div className="flex gap-1.5">
          {CROWDS.map((count) => (
            <button
              key={count}
              type="button"
              aria-label={count === 1 ? 'Send 1 demo signup' : `Send ${count} demo signups`}
              onClick={() => signUp(count)}
              className="button px-2 py-2 text-xl tabular-nums max-lg:px-4"
            >
              +{count}
            </button>
          ))}
        </div>
        <p className="pt-1 text-xl text-muted">demo signups</p>
        <p role="alert" className="text-base text-bad">
          {complaint}
        </p>
      </fieldset>
      <dl>
        <Reading label="each waited" value={medianMs} unit="ms" />
      </dl>
    </>
  )
}
