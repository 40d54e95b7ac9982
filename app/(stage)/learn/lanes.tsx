/** Six tasks, each as long as it takes, in minutes. */
const TASKS = [
  { name: 'A', length: 3 },
  { name: 'B', length: 1 },
  { name: 'C', length: 6 },
  { name: 'D', length: 2 },
  { name: 'E', length: 4 },
  { name: 'F', length: 2 },
]
const TOTAL = 18
const WORKERS = [['A', 'E'], ['B', 'D', 'F'], ['C']]

/** The same work on one lane and on three. Whoever is free takes the next: the long C holds up nobody. */
export function Lanes() {
  return (
    <figure className="space-y-8">
      <Group title="One after the other" lanes={[TASKS.map(({ name }) => name)]} done="ready after 18 min" />
      <Group title="A queue and three workers" lanes={WORKERS} done="ready after 7 min" />
      <figcaption className="text-lg text-pretty text-muted">
        F takes two minutes. In a single line it is ready after 18, behind everybody else. With three workers,
        after 5.
      </figcaption>
    </figure>
  )
}

function Group({ title, lanes, done }: { title: string; lanes: string[][]; done: string }) {
  return (
    <div>
      <p className="mb-3 flex flex-wrap justify-between gap-x-6 text-lg">
        <strong className="font-semibold">{title}</strong>
        <span className="font-mono text-muted">{done}</span>
      </p>
      <div aria-hidden className="space-y-1.5 font-mono text-lg font-semibold">
        {lanes.map((lane) => (
          <div key={lane.join()} className="flex h-12 bg-line/30">
            {lane.map((name) => (
              <Task key={name} name={name} />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

function Task({ name }: { name: string }) {
  const length = TASKS.find((task) => task.name === name)?.length ?? 0
  const look = name === 'F' ? 'bg-accent text-paper' : 'bg-sheet text-ink'
  return (
    <div
      className={`sheet flex items-center border-2 border-ink px-1 sm:px-3 ${look}`}
      style={{ width: `${(length / TOTAL) * 100}%` }}
    >
      {name}
    </div>
  )
}
