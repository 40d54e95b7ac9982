import { useEffect, useRef, useState } from 'react'
import type { Problem } from '@/app/components/signup/send-signup'
import { Refusal } from '@/app/components/site/refusal'
import type { Progress as State } from '@/lib/orders/export/progress'
import { callOrder } from './call-order'
import { announceExport, describeExport, explainExport } from './describe'
import { Progress } from './progress'
import { Waited } from './waited'

type Props = {
  ticketId: string
  state: State | null
  note: string | undefined
  onChange: (state: State, startedAt: number) => void
}

export function ExportData({ ticketId, state, note, onChange }: Props) {
  const [problem, setProblem] = useState<Problem>()
  const [waitedMs, setWaitedMs] = useState<number>()
  const [pending, setPending] = useState(false)
  const headingRef = useRef<HTMLHeadingElement>(null)
  const acted = useRef(false)
  const status = state?.status
  const open = state && (status === 'queued' || status === 'working') ? state : null

  async function call(method: 'POST' | 'DELETE'): Promise<void> {
    acted.current = true
    setPending(true)
    const answer = await callOrder<State>(ticketId, method, 'export')
    setPending(false)
    setProblem('problem' in answer ? answer.problem : undefined)
    setWaitedMs('data' in answer && method === 'POST' ? answer.waitedMs : undefined)
    if ('data' in answer) onChange(answer.data, answer.startedAt)
  }

  // A new status may remove the focused button.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when the status changes
  useEffect(() => {
    const lost = acted.current && document.activeElement === document.body
    if (lost) headingRef.current?.focus({ preventScroll: true })
  }, [status])

  return (
    <section aria-labelledby="export">
      <h3 id="export" ref={headingRef} tabIndex={-1} className="text-2xl font-semibold outline-none">
        Export my data
      </h3>
      <p role="status" className="sr-only">
        {announceExport(state)}
      </p>
      <Waited ms={waitedMs} />
      {open ? (
        <div className="mt-4">
          <Progress
            label="Your export"
            value={open.done}
            max={open.total}
            figure={status === 'working' ? Math.min(open.done + 1, open.total) : undefined}
          >
            {describeExport(open)}
          </Progress>
          <p className="mt-3 min-h-7 text-lg text-muted">{note}</p>
          <button
            type="button"
            aria-disabled={pending}
            onClick={() => pending || call('DELETE')}
            className="link cursor-pointer text-xl font-semibold"
          >
            Cancel
          </button>
        </div>
      ) : (
        <>
          <p className="mt-2 min-h-14 max-w-md text-lg text-pretty text-muted">{explainExport(state)}</p>
          <div className="mt-5 flex flex-wrap items-center gap-x-6 gap-y-2">
            {status === 'ready' && (
              <a href={`/api/tickets/${ticketId}/export/file`} download className="button">
                Download
              </a>
            )}
            <button
              type="button"
              aria-disabled={pending}
              onClick={() => pending || call('POST')}
              className={status === 'ready' ? 'link cursor-pointer text-xl font-semibold' : 'button'}
            >
              {status === 'ready' ? 'Make a new one' : 'Export my data'}
            </button>
          </div>
        </>
      )}
      <Refusal problem={problem} />
    </section>
  )
}
