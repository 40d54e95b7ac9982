import { useState } from 'react'
import { Reading } from './numbers'
import { send } from './send'

const CROWDS = [1, 10, 100]
/** A crowd signs up in groups of this size. The number is updated after each group. */
const GROUP = 25

/** Signs up made-up people and shows how long each of them waited. */
export function SignupButtons() {
  const [error, setError] = useState('')
  const [medianMs, setMedianMs] = useState<number>()

  async function signUp(count: number): Promise<void> {
    // No surprising bounces on stage.
    const typos = !document.documentElement.hasAttribute('data-stage')
    const medians: number[] = []
    for (let rest = count; rest > 0; rest -= GROUP) {
      const crowd = { count: Math.min(rest, GROUP), typos }
      const result = await send<{ medianMs: number }>('POST', '/api/sandbox/signups', crowd)
      if ('error' in result) return setError(result.error)
      setError('')
      medians.push(result.answer.medianMs)
      setMedianMs(medians.toSorted((a, b) => a - b)[medians.length >> 1])
    }
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
              className="button px-1.5 py-2 text-xl tabular-nums max-lg:px-4"
            >
              +{count}
            </button>
          ))}
        </div>
        <p className="pt-1 text-xl text-muted">demo signups</p>
        <p role="alert" className="text-base text-bad stage:text-xl">
          {error}
        </p>
      </fieldset>
      <dl>
        <Reading label="each waited" value={medianMs} unit="ms" />
      </dl>
    </>
  )
}
