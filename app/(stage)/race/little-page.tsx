import { formatOrder } from '@/app/components/figures'
import type { Phase, Runner } from './use-race'

type Props = { runners: Runner[]; phase: Phase }

/** A browser's page in miniature. It is a picture: what it shows is said in words below the bars. */
export function LittlePage({ runners, phase }: Props) {
  const [first] = runners
  return (
    <div
      aria-hidden
      className="sheet overflow-hidden border-2 border-ink bg-sheet select-none dark:border-line"
    >
      <div className="flex h-7 items-center gap-1.5 border-b-2 border-line px-3">
        {['back', 'forward', 'reload'].map((dot) => (
          <span key={dot} className="size-2.5 rounded-full bg-line" />
        ))}
      </div>
      <div className="h-26 px-5 py-4">
        {runners.length === 1 && first ? (
          <Alone runner={first} phase={phase} />
        ) : (
          <ul className="grid h-full grid-cols-5 grid-rows-2 gap-2">
            {runners.map((runner) => (
              <Small key={runner.name} runner={runner} phase={phase} />
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

function Alone({ runner: { name, answer }, phase }: { runner: Runner; phase: Phase }) {
  if (!answer) {
    const pressed = phase === 'running'
    return (
      <div
        className={`flex h-full items-center justify-between gap-4 ${pressed ? 'cursor-wait text-muted' : ''}`}
      >
        <p className="flex-1 border-b-2 border-current pb-1 text-2xl">{name}</p>
        <p
          className={`px-5 py-3 text-lg font-semibold whitespace-nowrap ${pressed ? 'bg-line text-ink inset-shadow-sm' : 'bg-ink text-sheet'}`}
        >
          {pressed ? 'Signing you up' : 'Sign me up'}
        </p>
      </div>
    )
  }
  if (!answer.account) {
    return (
      <div className="flex h-full flex-col justify-center">
        <p className="text-3xl font-bold tracking-tight text-bad">Something went wrong.</p>
        <p className="mt-1 text-lg text-muted">Please try again later.</p>
      </div>
    )
  }
  return (
    <div className="flex h-full flex-col justify-center">
      <p className="text-3xl font-bold tracking-tight">Account created!</p>
      <p className="mt-1 text-lg text-muted">
        {answer.emailId ? (
          <>
            Your ticket: <span className="font-mono text-ink">No. {formatOrder(answer.emailId)}</span>
          </>
        ) : (
          `Welcome, ${name}.`
        )}
      </p>
    </div>
  )
}

function Small({ runner: { name, answer }, phase }: { runner: Runner; phase: Phase }) {
  const state = answer ? (answer.account ? 'in' : 'lost') : phase === 'running' ? 'waiting' : 'ready'
  return (
    <li className={`flex items-center justify-center gap-1 text-base font-semibold ${LOOK[state]}`}>
      {SIGN[state]}
      <span className="truncate">{name}</span>
    </li>
  )
}

const LOOK = {
  ready: 'bg-ink text-sheet',
  waiting: 'bg-line text-ink inset-shadow-sm',
  in: 'border-2 border-good text-good',
  lost: 'border-2 border-bad text-bad line-through',
}

const SIGN = { ready: '', waiting: '', in: '✓', lost: '' }
