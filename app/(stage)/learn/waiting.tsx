const LIMITS = [
  { figure: '0.1', unit: 's', text: 'feels like pushing a door: no wait at all.' },
  { figure: '1', unit: 's', text: 'is noticed. The thought you had begins to drift.' },
  { figure: '10', unit: 's', text: 'and you are looking at something else, perhaps for good.' },
]

/** How long is long, and the same signup twice, drawn to scale. */
export function Waiting() {
  return (
    <>
      <ul className="grid gap-8 sm:grid-cols-3 sm:gap-12">
        {LIMITS.map(({ figure, unit, text }) => (
          <li key={figure} className="text-xl text-pretty">
            <span className="block text-7xl leading-none font-semibold tracking-[-0.05em] sm:text-8xl">
              {figure}
              <span className="text-4xl tracking-tight"> {unit}</span>
            </span>{' '}
            <span className="mt-3 block text-muted">{text}</span>
          </li>
        ))}
      </ul>
      <figure className="mt-14">
        <div className="space-y-6 text-lg">
          <div>
            <p className="mb-2 font-semibold">The email is sent inside the request</p>
            <div className="flex h-16 items-center bg-ink px-4 font-semibold text-paper">you wait: 3 s</div>
          </div>
          <div>
            <p className="mb-2 font-semibold">The email is a background job</p>
            <div className="flex h-16">
              <div className="w-[0.5%] min-w-1 bg-accent" />
              <div className="flex flex-1 items-center border-2 border-l-0 border-dashed border-line px-4">
                <span className="font-semibold text-accent">you wait: 15 ms</span>
                <span className="ml-4 text-muted max-sm:hidden">and are somewhere else meanwhile</span>
              </div>
            </div>
          </div>
        </div>
        <figcaption className="mt-4 text-lg text-muted">
          One signup, a mail service that takes three seconds. To scale: look for the thin line.
        </figcaption>
      </figure>
    </>
  )
}
