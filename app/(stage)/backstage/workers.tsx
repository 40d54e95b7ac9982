const COMMAND = 'npm run demo:worker'

type Props = { workers: string[] | undefined; sandbox: boolean }

/** Who is working: every process that is there to take jobs. On stage, the desks are enough for the eye. */
export function Workers({ workers, sandbox }: Props) {
  const count = workers?.length
  return (
    <section aria-labelledby="workers" className="stage:sr-only">
      <h2 id="workers" className="text-xl font-semibold">
        {count === undefined
          ? 'Workers'
          : count === 0
            ? 'No worker'
            : count === 1
              ? '1 worker'
              : `${count} workers`}
      </h2>
      <ul aria-label="Workers at work" className="mt-1 flex min-h-8 flex-wrap gap-x-5 font-mono text-lg">
        {workers?.map((worker) => (
          <li key={worker} className="max-w-full truncate motion-safe:animate-print">
            {worker}
          </li>
        ))}
        {count === 0 && <li className="font-sans text-bad">Nobody is there. The queue keeps everything.</li>}
      </ul>
      {sandbox && (
        <p className="text-base text-muted">
          Start one more in another terminal:{' '}
          <code className="text-sm break-words text-ink select-all">{COMMAND}</code>
        </p>
      )}
    </section>
  )
}
