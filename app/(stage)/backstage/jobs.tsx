import Link from 'next/link'
import { formatOrder } from '@/app/components/figures'
import { explainReason, STATUS, type Tone } from '@/app/components/words'
import type { Job } from '@/lib/stage/backstage'

const COLOR: Record<Tone, string> = { busy: 'text-accent', good: 'text-good', bad: 'text-bad' }

/** The jobs to which something happened last. */
export function Jobs({ jobs }: { jobs: Job[] | undefined }) {
  return (
    <section aria-labelledby="jobs">
      <h2 id="jobs" className="text-xl font-semibold">
        Latest jobs
      </h2>
      <ol className="mt-1 min-h-60">
        {jobs?.map((job) => (
          <li key={job.id} className="flex items-baseline gap-x-4 leading-6">
            <JobLine job={job} />
          </li>
        ))}
      </ol>
      {jobs?.length === 0 && <p className="-mt-60 text-lg text-muted">Nobody has signed up yet.</p>}
    </section>
  )
}

export function JobLine({ job }: { job: Job }) {
  const { line, tone } = STATUS[job.status]
  return (
    <>
      <Link
        href={`/signups/${job.id}`}
        prefetch={false}
        className="font-mono underline underline-offset-4 hover:decoration-2"
      >
        {formatOrder(job.id)}
      </Link>
      <span className={`w-22 shrink-0 font-semibold ${COLOR[tone]}`}>{line}</span>
      <span className="shrink-0 text-muted tabular-nums">
        {job.attempts === 1 ? '1 attempt' : `${job.attempts} attempts`}
      </span>
      <span className="truncate max-sm:sr-only">{job.reason && explainReason(job.reason)}</span>
    </>
  )
}
