const CHOICES = [
  {
    title: 'A good idea when …',
    mark: '+',
    look: 'text-good',
    reasons: [
      [
        'it depends on another company’s computer.',
        'A mail service, a bank, a partner: they are slow at times, and down at times. A job waits and tries again. A person should not have to.',
      ],
      [
        'it takes longer than a breath.',
        'About a second is the limit. Reports, films and big files are far beyond it.',
      ],
      [
        'it must happen, even if the first try fails.',
        'A request that dies is gone, and its work with it. A job is written down, so another worker can take it up.',
      ],
      [
        'it comes in crowds.',
        'Ten thousand at once are a flood. In a queue they become a stream, as wide as you like.',
      ],
    ],
  },
  {
    title: 'A bad idea when …',
    mark: '−',
    look: 'text-bad',
    reasons: [
      [
        'the user can’t go on without the result.',
        'Is the password right? What does the basket cost? A job would only turn the answer into a spinner.',
      ],
      [
        'it takes a few milliseconds.',
        'Putting it into a queue would cost as much as doing it, and leave one more thing to look after.',
      ],
      [
        'it has to be true the moment you say it.',
        'Take the last seat in the transaction that promises it. The letter that confirms it can follow.',
      ],
      [
        'its failure would go unnoticed.',
        'A job that fails without a sign is lost twice. First make the place where its failure shows: a status, an alarm, a list of what was given up.',
      ],
      [
        'doing it twice would hurt.',
        'A worker may die after the work and before the tick, so every job may run again. Make that harmless first, as the key does that goes to the mail service here.',
      ],
    ],
  },
]

/** When a background job helps and when it only makes things harder. */
export function Choices() {
  return (
    <div className="grid gap-x-16 gap-y-14 lg:grid-cols-2">
      {CHOICES.map(({ title, mark, look, reasons }) => (
        <div key={title}>
          <h3 className="text-3xl font-semibold tracking-tight">{title}</h3>
          <ul className="mt-6 space-y-6 text-lg leading-7">
            {reasons.map(([reason, because]) => (
              <li key={reason} className="flex gap-4">
                <span
                  aria-hidden
                  className={`w-5 shrink-0 font-mono text-3xl leading-7 font-semibold ${look}`}
                >
                  {mark}
                </span>
                <p className="text-pretty">
                  <strong className="block text-xl font-semibold">{reason}</strong>{' '}
                  <span className="text-muted">{because}</span>
                </p>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  )
}
