import { useState } from 'react'
import { Reading } from './numbers'
import { send } from './send'

const CROWDS = [1, 10, 100]

/** Signs up made-up people. Beside the buttons stands how long each signup waited, made up or not. */
export function SignupButtons({ waitedMs }: { waitedMs: number | null | undefined }) {
  const [error, setError] = useState('')
  const [news, setNews] = useState('')

  async function signUp(count: number): Promise<void> {
    // No surprising bounces on stage.
    const typos = !document.documentElement.hasAttribute('data-stage')
    setNews('')
    const result = await send('POST', '/api/sandbox/signups', { count, typos })
    setError('error' in result ? result.error : '')
    if (!('error' in result))
      setNews(count === 1 ? '1 person has signed up.' : `${count} people have signed up.`)
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
        <p role="status" className="sr-only">
          {news}
        </p>
        <p role="alert" className="text-base text-bad stage:text-xl">
          {error}
        </p>
      </fieldset>
      <dl>
        <Reading label="each waited" value={waitedMs ?? undefined} unit="ms" />
      </dl>
    </>
  )
}
