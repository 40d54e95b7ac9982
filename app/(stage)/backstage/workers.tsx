const COMMAND = 'npm run demo:worker'

type Props = { workers: string[] | undefined; sandbox: boolean }

/** The live workers. In stage mode, the desks in the picture show them. */
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
        {count === 0 && (
          <li className="font-sans text-bad">No worker is running. The queue keeps every job.</li>
        )}
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
