import { useActionState, useEffect, useRef, useState } from 'react'
import { MakeUpFriends } from '@/app/(stage)/make-up-friends' // stage
import type { Problem } from '@/app/components/signup/send-signup'
import { Refusal } from '@/app/components/site/refusal'
import { SubmitButton } from '@/app/components/site/submit-button'
import type { Invitations } from '@/lib/orders/invitations'
import { callOrder } from './call-order'
import { announceInvitations, describeInvitations } from './describe'
import { parseAddresses } from './friends'
import { Progress } from './progress'
import { Waited } from './waited'

type Props = {
  ticketId: string
  state: Invitations
  note: string | undefined
  onChange: (state: Invitations, startedAt: number) => void
}

export function InviteFriends({ ticketId, state, note, onChange }: Props) {
  const [text, setText] = useState('')
  const [waitedMs, setWaitedMs] = useState<number>()
  const [problem, submit, pending] = useActionState(invite, null)
  const headingRef = useRef<HTMLHeadingElement>(null)
  const fieldRef = useRef<HTMLTextAreaElement>(null)
  const count = parseAddresses(text).length
  const left = state.limit - state.total
  const errors = problem?.errors?.emails

  async function invite(): Promise<Problem | null> {
    const emails = parseAddresses(text)
    const answer = await callOrder<Invitations>(ticketId, 'POST', 'invitations', { emails })
    if ('problem' in answer) return answer.problem
    // It may have been edited meanwhile.
    setText((current) => (current === text ? '' : current))
    setWaitedMs(answer.waitedMs)
    onChange(answer.data, answer.startedAt)
    // After the last friend, the focused button is removed.
    headingRef.current?.focus({ preventScroll: true })
    return null
  }

  useEffect(() => {
    if (errors) fieldRef.current?.focus()
  }, [errors])

  return (
    <section aria-labelledby="invite">
      <h3 id="invite" ref={headingRef} tabIndex={-1} className="text-2xl font-semibold outline-none">
        Invite friends
      </h3>
      <Waited ms={waitedMs} />
      {state.total > 0 && (
        <div className="mt-4 mb-6">
          <Progress
            label="Invitations sent"
            value={state.sent + state.failed}
            max={state.total}
            figure={state.sent}
          >
            {describeInvitations(state)}
          </Progress>
          {state.waiting > 0 && <p className="mt-3 min-h-7 text-lg text-muted">{note}</p>}
        </div>
      )}
      <p role="status" className="sr-only">
        {announceInvitations(state)}
      </p>
      {left > 0 && (
        <form
          action={submit}
          // React resets a form after its action. The text has to stay until the server accepts it.
          onReset={(event) => event.preventDefault()}
          noValidate
          className="mt-2"
        >
          <label htmlFor="emails" className="text-lg text-muted">
            Their addresses, one a line or with commas
          </label>
          <textarea
            ref={fieldRef}
            id="emails"
            name="emails"
            rows={4}
            value={text}
            onChange={(event) => setText(event.target.value)}
            aria-invalid={errors ? true : undefined}
            aria-describedby={errors ? 'emails-error' : undefined}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            className="mt-2 block w-full resize-y border-2 border-ink bg-transparent px-4 py-3 font-mono text-lg outline-offset-2 aria-invalid:border-bad"
          />
          <div id="emails-error" className="text-base text-bad">
            {errors?.slice(0, 5).map((error) => (
              <p key={error} className="pt-2 break-words">
                {error}
              </p>
            ))}
            {errors && errors.length > 5 && <p className="pt-2">{`… and ${errors.length - 5} more.`}</p>}
          </div>
          <div className="mt-5 flex flex-wrap items-center gap-x-6 gap-y-2">
            <SubmitButton pending={pending} className="button">
              {pending ? 'Inviting' : `Invite ${formatFriends(count)}`}
            </SubmitButton>
            <MakeUpFriends count={left} onMade={(friends) => setText(friends.join('\n'))} /> {/* stage */}
          </div>
          <Refusal problem={errors ? null : problem} />
        </form>
      )}
    </section>
  )
}

function formatFriends(count: number): string {
  if (count === 0) return 'friends'
  return count === 1 ? '1 friend' : `${count} friends`
}
