import Link from 'next/link'
import type { ReactNode } from 'react'
import type { EmailRow } from '@/app/(stage)/_lib/backstage'
import { useSandbox } from '@/app/(stage)/sandbox'
import { formatOrder } from '@/app/components/site/figures'
import { explainReason } from '@/app/components/ticket/reasons'
import { STATUS } from '@/app/components/ticket/words'
import type { EmailStatus } from '@/lib/status/status'
import { inkOf } from './looks'

/** The emails with the latest events. */
export function Jobs({ jobs }: { jobs: EmailRow[] | undefined }) {
  return (
    <section aria-labelledby="jobs" className="stage:hidden">
      <h2 id="jobs" className="text-xl font-semibold">
        Latest jobs
      </h2>
      <ol className="mt-1 min-h-60">
        {jobs?.map((job) => (
          <li key={job.id} className="flex items-baseline gap-x-3 leading-6 *:last:truncate">
            <JobLine job={job}>
              <Status status={job.status} />
            </JobLine>
          </li>
        ))}
      </ol>
      {jobs?.length === 0 && <p className="-mt-60 text-lg text-muted">There are no signups yet.</p>}
    </section>
  )
}

/** One email: its number, its status, and a link to its ticket or its trace. */
export function JobLine({ job, children }: { job: EmailRow; children?: ReactNode }) {
  const reason = job.reason && explainReason(job.reason)
  // The presenter may see how each mail went.
  const behind = useSandbox().open ? '/behind' : ''
  return (
    <>
      <Link
        href={`/tickets/${job.id}${behind}`}
        prefetch={false}
        className="font-mono underline underline-offset-4 hover:decoration-2"
      >
        {formatOrder(job.id)}
      </Link>
      {children}
      <span className="w-14 shrink-0 text-muted tabular-nums">
        {job.attempts > 0 && (job.attempts === 1 ? '1 try' : `${job.attempts} tries`)}
      </span>
      {reason && (
        <span title={reason} className="min-w-0 max-sm:sr-only">
          {reason}
        </span>
      )}
    </>
  )
}

function Status({ status }: { status: EmailStatus }) {
  return <span className={`w-20 shrink-0 font-semibold ${inkOf(status)}`}>{STATUS[status].line}</span>
}
