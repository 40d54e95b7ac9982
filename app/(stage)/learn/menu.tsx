const DISHES = [
  {
    name: 'Password-reset mail',
    takes: 'seconds',
    remark:
      'A user waits at the mailbox for this one. So it has a queue of its own, without newsletters in front of it. The page says “look at your mail” whether the account exists or not. So a stranger learns nothing.',
  },
  {
    name: 'Payment',
    takes: 'seconds',
    remark:
      'The page says “we are on it”, never “paid”, until the bank has said so. Each charge carries a key of its own, so that a second try can’t take the money twice.',
  },
  {
    name: 'Resizing images',
    takes: 'seconds',
    remark:
      'Show the picture as it came; the small ones replace it when they are ready. This job eats processor and memory: few at a time, and far from the web server.',
  },
  {
    name: 'Report',
    takes: 'minutes',
    remark:
      'Write the question down with the job: which months, which customers. Otherwise the answer depends on when a worker had time. The result is a file and a message, not a page held open.',
  },
  {
    name: 'Import',
    takes: 'an hour',
    remark:
      'Cut it into pieces of a few hundred rows, each a job. After a crash it goes on where it was, and a bad row spoils itself only. At the end, say which rows you did not take.',
  },
  {
    name: 'Export my data',
    takes: 'minutes',
    remark:
      'Show how far it is, and let people change their mind. The file holds all you know about a person: keep its address secret, and let it expire.',
  },
  {
    name: 'Invite 100 friends',
    takes: 'a minute',
    remark:
      'One click, a hundred jobs, added in one transaction. Each is tried again by itself, so one wrong address costs one mail. Set a limit, or you have built a machine for spam.',
  },
]

/** Other jobs, as a coffee shop would write them on the wall. */
export function Menu() {
  return (
    <ul className="grid gap-x-16 gap-y-10 lg:grid-cols-2">
      {DISHES.map(({ name, takes, remark }) => (
        <li key={name}>
          <div className="flex items-baseline gap-3">
            <h3 className="text-2xl font-semibold tracking-tight">{name}</h3>
            <span aria-hidden className="leader h-1 flex-1 text-muted" />
            <p className="font-mono text-lg whitespace-nowrap">{takes}</p>
          </div>
          <p className="mt-2 text-lg leading-7 text-pretty text-muted">{remark}</p>
        </li>
      ))}
    </ul>
  )
}
