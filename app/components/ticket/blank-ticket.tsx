import { Paper } from './paper'

const WAITING = ['You sign up', 'Instant reply']
const BEHIND = ['Task queued', 'Worker runs', 'Done']

/** The ticket before a signup: the five steps of every background job. */
export function BlankTicket() {
  return (
    <Paper
      label="The five steps of a signup"
      stub={
        <>
          <p className="mb-5 text-base font-semibold">While you wait</p>
          <Steps steps={WAITING} from={1} />
          <p aria-hidden className="mt-6 flex h-18 items-end gap-3 text-4xl tracking-tight text-muted">
            <span className="leader mb-2 h-2 flex-1 text-line" />
            ms
          </p>
        </>
      }
    >
      <p className="mb-5 text-base font-semibold">Behind the scenes</p>
      <Steps steps={BEHIND} from={3} />
    </Paper>
  )
}

function Steps({ steps, from }: { steps: string[]; from: number }) {
  return (
    <ol start={from} className="space-y-4 text-lg text-muted">
      {steps.map((step, index) => (
        <li key={step} className="flex gap-3">
          <span aria-hidden>{from + index}</span>
          <span className="text-ink">{step}</span>
          <span aria-hidden className="leader mb-1.5 flex-1 text-line" />
        </li>
      ))}
    </ol>
  )
}
