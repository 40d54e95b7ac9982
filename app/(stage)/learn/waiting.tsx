const LIMITS = [
  { figure: '0.1', unit: 's', text: 'feels like no wait at all.' },
  { figure: '1', unit: 's', text: 'is noticed. Your thoughts begin to drift.' },
  { figure: '10', unit: 's', text: 'is too long. You look at something else, perhaps for good.' },
]

/** Three limits of patience, and the same signup twice, drawn to scale. */
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
            <p className="mb-2 font-semibold">Mail sent inside the request</p>
            <div className="flex h-16 items-center bg-accent px-4 font-semibold text-paper">
              You wait for 3 s.
            </div>
          </div>
          <div>
            <p className="mb-2 font-semibold">Mail sent by a background job</p>
            <div className="flex h-16">
              <div className="w-[0.5%] min-w-1 bg-good" />
              <div className="flex flex-1 items-center border-2 border-l-0 border-dashed border-line px-4">
                <span className="font-semibold text-good">You wait for 15 ms.</span>
                <span className="ml-4 text-muted max-sm:hidden">The mail goes out without you.</span>
              </div>
            </div>
          </div>
        </div>
        <figcaption className="mt-4 text-lg text-muted">
          The same signup twice, with a mail service that takes three seconds. The thin green line is how long
          you wait.
        </figcaption>
      </figure>
    </>
  )
}
