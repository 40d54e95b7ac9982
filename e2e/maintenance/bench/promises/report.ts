import { type Findings, format } from '../table'
import type { Contender } from './contender'
import type { Fault } from './faults'
import type { Verdict } from './judge'

/** Of one contender under one fault: one verdict for each repeat. */
export type Cell = { contender: Contender; fault: Fault; verdicts: Verdict[] }

const COLUMNS: [name: string, key: keyof Verdict][] = [
  ['accounts', 'accounts'],
  ['never mailed', 'never'],
  ['twice', 'twice'],
  ['still to come', 'late'],
  ['ok, not mailed', 'okNotMailed'],
  ['error, exists', 'errorButExists'],
  ['right after, s', 'rightAfter'],
]

/** A table for each fault, one that sums them up, and the settings. */
export function report(cells: Cell[], repeats: number, leftOut: string[]): Findings[] {
  const faults = [...new Set(cells.map(({ fault }) => fault))]
  const contenders = [...new Set(cells.map(({ contender }) => contender))]
  return [
    ...faults.map((fault) => ({
      title: fault.id,
      columns: COLUMNS.map(([name]) => name),
      rows: cells
        .filter((cell) => cell.fault === fault)
        .map((cell): Findings['rows'][number] => [
          cell.contender.title,
          ...COLUMNS.map(([, key]) => toRange(cell, key)),
        ]),
      notes: [fault.title],
    })),
    sumUp(cells, faults, contenders, repeats, leftOut),
    {
      title: 'SETTINGS',
      columns: [],
      rows: contenders.map(({ title, settings }) => [`${title}: ${settings}`]),
    },
  ]
}

/** Never mailed / mailed twice. */
function sumUp(
  cells: Cell[],
  faults: Fault[],
  contenders: Contender[],
  repeats: number,
  leftOut: string[],
): Findings {
  const cellOf = (contender: Contender, fault: Fault): Cell | undefined =>
    cells.find((cell) => cell.contender === contender && cell.fault === fault)
  const kept = contenders.filter((contender) =>
    cells.filter((cell) => cell.contender === contender).every(isKept),
  )
  return {
    title: 'PROMISES: never mailed / twice',
    columns: faults.map(({ id }) => id),
    rows: contenders.map((contender) => [
      contender.title,
      ...faults.map((fault) => {
        const cell = cellOf(contender, fault)
        return cell ? `${toRange(cell, 'never')} / ${toRange(cell, 'twice')}` : ''
      }),
    ]),
    notes: [
      `${repeats} ${repeats === 1 ? 'run' : 'runs'} of each: least–most. Small numbers on purpose: they say whether, not how often.`,
      kept.length > 0
        ? `Every account got exactly one mail: ${kept.map(({ title }) => title).join('; ')}.`
        : 'No contender kept every promise.',
      'Transaction, idempotency key and short lease make the difference, not the brand.',
      'Your library could do better? Improve its file in e2e/maintenance/bench/rivals/promises, and send us the change.',
      ...leftOut,
    ],
  }
}

const isKept = ({ verdicts }: Cell): boolean =>
  verdicts.every(({ never, twice, okNotMailed }) => never + twice + okNotMailed === 0)

function toRange({ verdicts }: Cell, key: keyof Verdict): string {
  const values = verdicts.map((verdict) => verdict[key])
  if (values.some(Number.isNaN)) return '–'
  const show = (value: number): string => (key === 'rightAfter' ? format(value) : `${value}`)
  const [least, most] = [show(Math.min(...values)), show(Math.max(...values))]
  return least === most ? least : `${least}–${most}`
}
