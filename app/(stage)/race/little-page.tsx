import type { ReactNode } from 'react'
import type { LaneAnswer } from '@/app/(stage)/api/sandbox/race/run-signups'
import { formatOrder } from '@/app/components/site/figures'
import { STATUS } from '@/app/components/ticket/words'
import type { Snapshot } from '@/lib/status/status'
import type { Phase, Runner } from './use-race'

type Props = { runners: Runner[]; phase: Phase; mail?: Snapshot }

/** A picture of a browser window. The text below the bars says the same. */
export function LittlePage({ runners, phase, mail }: Props) {
  const [first] = runners
  return (
    <div
      aria-hidden
      className="sheet overflow-hidden border-2 border-ink bg-sheet select-none dark:border-line"
    >
      <div className="flex h-6 items-center gap-1.5 border-b-2 border-line px-3">
        {['back', 'forward', 'reload'].map((dot) => (
          <span key={dot} className="size-2.5 rounded-full bg-line" />
        ))}
      </div>
      <div className={`h-[clamp(5.5rem,12.5vh,9rem)] ${runners.length === 1 ? 'px-5 py-3' : 'p-2'}`}>
        {runners.length === 1 && first ? (
          <Alone runner={first} phase={phase} mail={mail} />
        ) : (
          <ul className="grid h-full grid-cols-5 grid-rows-4 gap-1">
            {runners.map((runner) => (
              <Small key={runner.name} runner={runner} phase={phase} />
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

function Alone({ runner: { name, answer }, phase, mail }: { runner: Runner; phase: Phase; mail?: Snapshot }) {
  if (!answer) {
    const pressed = phase === 'running'
    return (
      <div
        className={`flex h-full items-center justify-between gap-4 ${pressed ? 'cursor-wait text-muted' : ''}`}
      >
        <p className="flex-1 border-b-2 border-current pb-1 text-2xl">{name}</p>
        <p
          className={`px-5 py-3 text-lg font-semibold whitespace-nowrap ${pressed ? 'bg-line text-ink' : 'bg-ink text-sheet'}`}
        >
          {pressed ? 'Signing you up' : 'Sign me up'}
        </p>
      </div>
    )
  }
  if (!answer.account)
    return (
      <Said title="Something went wrong." bad>
        Please try again later.
      </Said>
    )
  if (!answer.emailId) return <Said title="Account created!">Welcome, {name}.</Said>
  const { headline, line } = STATUS[mail?.status ?? 'queued']
  return (
    <div className="flex h-full items-center justify-between gap-2">
      <Said title="Account created!">{`The email ${headline}`}</Said>
      <p className="border-l-2 border-dashed border-line py-1 pl-4 font-mono text-lg max-sm:hidden">
        <span>{formatOrder(answer.emailId)}</span>
        <br />
        <span className="font-semibold">{line}</span>
      </p>
    </div>
  )
}

function Said({ title, bad = false, children }: { title: string; bad?: boolean; children: ReactNode }) {
  return (
    <div className="flex h-full flex-col justify-center">
      <p className={`text-3xl font-bold tracking-tight ${bad ? 'text-bad' : ''}`}>{title}</p>
      <p className="mt-1 text-lg text-muted">{children}</p>
    </div>
  )
}

function Small({ runner: { name, answer }, phase }: { runner: Runner; phase: Phase }) {
  const state = answer ? readState(answer) : phase === 'running' ? 'waiting' : 'ready'
  return (
    <li
      className={`flex items-center justify-center gap-1 text-sm leading-none font-semibold stage:text-xs ${LOOK[state]}`}
    >
      {state === 'in' && <span>✓</span>}
      <span className="max-sm:hidden">{name}</span>
      <span className="sm:hidden">{name[0]}</span>
      {state === 'mailless' && <s className="text-bad max-sm:hidden">mail</s>}
    </li>
  )
}

function readState(answer: LaneAnswer): keyof typeof LOOK {
  if (!answer.account) return 'lost'
  return answer.lostMail ? 'mailless' : 'in'
}

const LOOK = {
  ready: 'bg-ink text-sheet',
  waiting: 'bg-line text-ink',
  in: 'border-2 border-good text-good',
  mailless: 'border-2 border-dashed border-bad',
  lost: 'border-2 border-bad text-bad line-through',
}
