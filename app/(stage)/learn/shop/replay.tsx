import { useEffect, useRef, useState } from 'react'
import { formatDuration } from '@/app/components/site/figures'
import { compareWays, pickRush, type Waits } from './compare'
import { type Measured, RealRun } from './real-run'
import { type Order, REQUEST_MS } from './simulate'

type Props = { orders: Order[]; sandbox: boolean }

/** Compares the four ways to serve the reader's own orders, on one axis. */
export function Replay({ orders, sandbox }: Props) {
  const [real, setReal] = useState<Measured>()
  const ref = useRef<HTMLDivElement>(null)
  const rush = pickRush(orders)
  // Every row has the same mail service: once it is measured, the real one.
  const rows = [...compareWays(rush, real?.requestMs), ...(real ? [real.row] : [])]
  const longest = Math.max(...rows.map(({ person, mail }) => Math.max(person.longest, mail.longest)))
  const span = rush.at(-1)?.at ?? 0

  useEffect(() => {
    const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
    ref.current?.scrollIntoView({ behavior: still ? 'instant' : 'smooth' })
  }, [])

  return (
    <div ref={ref} className="mt-12 scroll-mt-4">
      <h3 className="text-3xl font-semibold tracking-tight text-pretty">
        {rush.length} of your orders, within {formatDuration(span)}, in four ways
      </h3>
      <p className="mt-2 text-lg text-pretty text-muted stage:mt-1">
        These orders came closest together. The dark part of a bar is the median: half of them waited less.
        The whole bar is the longest wait. A request takes{' '}
        <span>{formatDuration(real?.requestMs ?? REQUEST_MS)}</span>
        <span>{real ? ', as measured, in all rows.' : '.'}</span>
      </p>
      <table className="mt-4 w-full table-fixed stage:mt-0 border-collapse text-base sm:text-xl stage:text-lg stage:leading-6">
        <caption className="sr-only">How long people and their mails wait, in each way</caption>
        <colgroup>
          <col className="w-18 sm:w-24" />
          <col />
          <col className="w-18 sm:w-28" />
          <col className="w-18 sm:w-28" />
        </colgroup>
        <thead>
          <tr className="text-right text-base text-muted">
            <th scope="col">
              <span className="sr-only">Who waits</span>
            </th>
            <td />
            <th scope="col" className="font-normal">
              median
            </th>
            <th scope="col" className="font-normal">
              longest
            </th>
          </tr>
        </thead>
        {rows.map(({ title, inline, person, mail }) => (
          <tbody key={title}>
            <tr>
              <th
                scope="rowgroup"
                colSpan={4}
                className="pt-5 pb-2 stage:pt-2.5 stage:pb-0 text-left text-xl font-semibold sm:text-2xl stage:text-xl"
              >
                {title}
              </th>
            </tr>
            <Line name="person" waits={person} longest={longest} look={inline ? 'bg-accent' : 'bg-good'} />
            <Line name="mail" waits={mail} longest={longest} look="bg-muted" />
          </tbody>
        ))}
      </table>
      {sandbox && <RealRun orders={rush} onMeasured={setReal} />}
    </div>
  )
}

type LineProps = { name: string; waits: Waits; longest: number; look: string }

function Line({ name, waits, longest, look }: LineProps) {
  const percent = (ms: number): string => `${(ms / longest) * 100}%`
  return (
    <tr>
      <th scope="row" className="py-1 stage:py-0.5 text-left font-normal text-muted">
        {name}
      </th>
      <td>
        <div
          aria-hidden
          className="relative h-5 stage:h-4 motion-safe:animate-print"
          style={{ animationDuration: '2.5s' }}
        >
          <div
            className={`absolute inset-y-0 left-0 min-w-0.5 opacity-35 ${look}`}
            style={{ width: percent(waits.longest) }}
          />
          <div
            className={`absolute inset-y-0 left-0 min-w-0.5 ${look}`}
            style={{ width: percent(waits.median) }}
          />
        </div>
      </td>
      <td className="text-right font-semibold tabular-nums">{formatDuration(waits.median)}</td>
      <td className="text-right tabular-nums">{formatDuration(waits.longest)}</td>
    </tr>
  )
}
