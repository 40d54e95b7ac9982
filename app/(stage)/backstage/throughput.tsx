/** The accepted mails of each second. */
export function Throughput({ perSecond = [] }: { perSecond: number[] | undefined }) {
  const most = Math.max(...perSecond, 0)
  const last = perSecond.at(-1) ?? 0
  const total = perSecond.reduce((sum, mails) => sum + mails, 0)
  // A single mail should not look like a crowd.
  const full = Math.max(most, 10)

  return (
    <section aria-labelledby="throughput">
      <h2 id="throughput" className="flex flex-wrap items-baseline gap-x-3 text-xl font-semibold">
        Mails per second
        <span className="text-base font-normal text-muted stage:text-xl">
          now <b className="text-xl text-ink tabular-nums">{last}</b>{' '}
          <span>{`· most ${most} · ${total.toLocaleString('en')} in a minute`}</span>
        </span>
      </h2>
      <svg
        aria-hidden
        viewBox="0 0 60 20"
        preserveAspectRatio="none"
        className="mt-2 block h-16 stage:mt-1 stage:h-11 w-full border-b-2 border-ink fill-good"
      >
        <path d={perSecond.map((mails, second) => drawBar(second, (20 * mails) / full)).join('')} />
      </svg>
    </section>
  )
}

function drawBar(second: number, height: number): string {
  return `M${second + 0.1} 20v${-height}h0.8v${height}z`
}
