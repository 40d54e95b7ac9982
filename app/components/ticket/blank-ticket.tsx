import { Paper } from './paper'

const COUNTER = ['You sign up', 'Instant reply']
const BEHIND = ['Task queued', 'Worker runs', 'Done']

/** The ticket before anybody has signed up: the five steps of every background job. */
export function BlankTicket() {
  return (
    <Paper
      label="The five steps of a signup"
      stub={
        <>
          <p className="mb-5 text-base font-semibold">At the counter</p>
          <Steps steps={COUNTER} from={1} />
          <div aria-hidden className="mt-6 flex items-end gap-2">
            <div className="h-18 w-13 border-2 border-dashed border-line" />
            <div className="h-18 w-13 border-2 border-dashed border-line" />
            <p className="-mb-1 text-4xl font-semibold tracking-tight text-muted">ms</p>
          </div>
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
