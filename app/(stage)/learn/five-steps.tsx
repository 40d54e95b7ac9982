'use client'

import Link from 'next/link'
import { type ReactNode, useActionState, useState } from 'react'
import { createKey, type Problem, sendSignup } from '@/app/components/signup/send-signup'
import { rememberWaited } from '@/app/components/signup/waited'
import { formatDuration } from '@/app/components/site/figures'
import { TryAgain } from '@/app/components/site/try-again'
import type { Snapshot } from '@/lib/status/status'
import { Follow, type News } from './follow'
import { JobTicket } from './job-ticket'
import { STEPS, timeSteps } from './steps'

type Signup = { initial: Snapshot; waitedMs: number }
type State = { signup?: Signup; problem?: Problem; body: string; key: string }

type Props = {
  sandbox: boolean
  /** The code of each step. */
  code: ReactNode[]
}

/** The five steps, and a button that sends a real job through them. */
export function FiveSteps({ sandbox, code }: Props) {
  const [state, submit, pending] = useActionState(signUpReader, undefined)
  const [latest, setLatest] = useState<News>()

  const signup = pending ? undefined : state?.signup
  const news = latest && latest.snapshot.id === signup?.initial.id ? latest : undefined
  const snapshot = news?.snapshot ?? signup?.initial
  const times = signup && snapshot ? timeSteps({ waitedMs: signup.waitedMs, snapshot }) : pending ? [0] : []

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-16 gap-y-14 lg:grid-cols-[26rem_minmax(0,1fr)]">
      <div className="self-start lg:top-5 [@media(min-height:42rem)]:lg:sticky">
        {sandbox ? (
          <form action={submit}>
            <button
              type="submit"
              aria-disabled={pending}
              onClick={(event) => pending && event.preventDefault()}
              className="mb-5 w-full button aria-disabled:cursor-progress"
            >
              {pending ? 'Signing you up' : state?.signup ? 'Sign up again' : 'Sign up'}
            </button>
          </form>
        ) : (
          <Link href="/" className="mb-5 block text-center button">
            Sign up on the first page
          </Link>
        )}
        <div role="alert" className="text-lg">
          {state?.problem && !pending && (
            <p className="pb-6">
              <strong className="block font-semibold text-bad">{state.problem.title}</strong>{' '}
              <span>{state.problem.detail}</span>
              <TryAgain at={state.problem.retryAt} />
            </p>
          )}
        </div>
        <JobTicket times={times} waitedMs={signup?.waitedMs} news={news} />
        {signup && <Follow key={signup.initial.id} initial={signup.initial} onNews={setLatest} />}
        {/* For screen readers: announces each step once. */}
        <div role="log" aria-label="Your job" className="sr-only">
          {STEPS.map(
            ({ title }, index) =>
              times[index] !== undefined && (
                <p key={title}>
                  Step {index + 1}: {title}, after {formatDuration(times[index])}.
                </p>
              ),
          )}
        </div>
      </div>
      <ol className="space-y-14">
        {STEPS.map(({ title, text }, index) => (
          <li key={title} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-5">
            <StepNumber number={index + 1} reached={times[index] !== undefined} />
            <div>
              <h3 className="text-3xl leading-11 font-semibold tracking-tight">{title}</h3>
              <p className="mt-2 mb-5 text-lg leading-7 text-pretty text-muted">{text}</p>
              {code[index]}
            </div>
          </li>
        ))}
      </ol>
    </div>
  )
}

function StepNumber({ number, reached }: { number: number; reached: boolean }) {
  return (
    <span
      aria-hidden
      className={`flex size-11 items-center justify-center border-2 border-ink font-mono text-xl font-semibold motion-safe:transition-colors ${reached ? 'bg-ink text-paper' : ''}`}
    >
      {number}
    </span>
  )
}

async function signUpReader(previous: State | undefined): Promise<State> {
  // After an error this repeats the same request under the same key, so it cannot sign up twice.
  const { body, key } = previous?.problem ? previous : { body: newReader(), key: createKey() }
  const answer = await sendSignup(body, key)
  if ('problem' in answer) return { problem: answer.problem, body, key }

  const { welcomeEmail, waitedMs } = answer
  rememberWaited(`/tickets/${welcomeEmail.id}`, waitedMs)
  return { signup: { initial: welcomeEmail, waitedMs }, body, key }
}

// Resend's test mailbox: it accepts mail and discards it.
function newReader(): string {
  return JSON.stringify({ name: 'A reader', email: `delivered+${createKey()}@resend.dev` })
}
