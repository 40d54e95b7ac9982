import { useState } from 'react'
import { ReadMail } from '@/app/(stage)/read-mail' // stage
import type { Snapshot, TimelineEntry } from '@/lib/status/status'
import type { Person } from '../signup/send-signup'
import { formatDuration, formatOrder, formatTime } from '../site/figures'
import { ErasureLines } from './erasure-lines'
import { pickLines } from './lines'
import { Paper } from './paper'
import { Stamp } from './stamp'
import { TicketLine } from './ticket-line'
import type { Connection } from './watch-events'
import { describeEmail, ERASURE, HELD, LOST, NO_WORKER } from './words'

type Props = {
  ticketId: string
  /** Shown to the owner only. */
  owner: Person | undefined
  snapshot: Snapshot
  /** The timelines of mails to addresses that were corrected since. */
  earlier: TimelineEntry[]
  connection: Connection
  hasNoWorker: boolean
  held: boolean
  erased: boolean
  /** Only known to the browser that signed up. */
  waitedMs: number | undefined
  /** True right after the signup: the ticket is printed with an animation. */
  fresh: boolean
}

// Of a long timeline, only the beginning and the end are shown.
const TOP_LINES = 3
const BOTTOM_LINES = 9

export function Ticket({
  ticketId,
  owner,
  snapshot,
  earlier,
  connection,
  hasNoWorker,
  held,
  erased,
  waitedMs,
  fresh,
}: Props) {
  const lines = pickLines([...earlier, ...snapshot.timeline], snapshot.status)
  // Lines that the page was loaded with appear without an animation.
  const [alreadyPrinted] = useState(lines.length)
  const start = lines[0]

  return (
    <Paper
      label={`Ticket ${formatOrder(ticketId)}`}
      feeding={fresh}
      stub={
        <>
          <p className="flex flex-wrap justify-between gap-x-4 text-base text-muted">
            <span>Ticket {formatOrder(ticketId)}</span>
            {start && <time dateTime={start.at}>{formatTime(start.at)}</time>}
          </p>
          {owner && (
            <p className="mt-4 text-lg leading-6 [overflow-wrap:anywhere]">
              For <strong className="font-semibold">{owner.name}</strong> <br />
              <span className="text-base">{owner.email}</span>
            </p>
          )}
          <Waited ms={waitedMs} />
        </>
      }
    >
      <p className="ticket-title mb-4 text-base font-semibold">Behind the scenes</p>
      <ol className="ticket-lines space-y-3 text-lg">
        {lines.map((entry, index) => {
          const hidden = lines.length - TOP_LINES - BOTTOM_LINES
          if (index === TOP_LINES && hidden > 0) return <li key="hidden">{`… ${hidden} more …`}</li>
          if (index > TOP_LINES && index < TOP_LINES + hidden) return null
          return (
            <TicketLine
              key={`${entry.status} ${entry.at} ${entry.reason}`}
              entry={entry}
              sinceClick={Date.parse(entry.at) - Date.parse(start?.at ?? entry.at) + (waitedMs ?? 0)}
              fresh={index >= alreadyPrinted}
              last={index === lines.length - 1}
            />
          )
        })}
        <ErasureLines erasure={snapshot.erasure} erased={erased} />
      </ol>
      {(hasNoWorker || held) && (
        <p className="mt-3 text-lg font-semibold">{hasNoWorker ? NO_WORKER.line : HELD.line}</p>
      )}
      <div className="ticket-end mt-4 min-h-24">
        {erased && <Stamp words={ERASURE.erased} fresh />}
        {!erased && snapshot.final && (
          <Stamp words={describeEmail(snapshot)} fresh={alreadyPrinted < lines.length} />
        )}
        {!erased && !snapshot.final && (
          <span aria-hidden className="block h-5 w-3 motion-safe:animate-cursor bg-ink" />
        )}
        <p role="status" className="text-base font-semibold text-bad">
          {connection === 'lost' && LOST}
        </p>
      </div>
      {!erased && <ReadMail snapshot={snapshot} mine={owner !== undefined} />} {/* stage */}
    </Paper>
  )
}

function Waited({ ms }: { ms: number | undefined }) {
  if (ms === undefined) {
    return (
      <p id="waited" className="mt-6 text-3xl font-semibold tracking-tight">
        Account created! The email can wait.
      </p>
    )
  }
  const [value, unit] = formatDuration(ms).split(' ')
  return (
    <p id="waited" className="mt-6 text-xl font-medium">
      Account created! <br />
      You waited{' '}
      <strong className="mt-4 block text-8xl leading-none font-semibold tracking-[-0.06em]">
        {value}
        <span className="text-4xl tracking-tight"> {unit}</span>
      </strong>
    </p>
  )
}
