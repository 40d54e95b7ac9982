import os from 'node:os'
import { median, percentile } from './measure'

/** The results of a section of the benchmark. */
export type Findings = {
  title: string
  columns: string[]
  /** A label, and a cell for each column. */
  rows: [label: string, ...cells: string[]][]
  /** Facts that a fair reader must know. */
  notes?: string[]
}

const LABEL = 46
const CELL = 15

/** Formats with one decimal below 100 and none above. NaN becomes "not measured". */
export function format(value: number, unit = ''): string {
  if (Number.isNaN(value)) return 'not measured'
  return value.toFixed(Math.abs(value) < 100 ? 1 : 0) + (unit && ` ${unit}`)
}

/** Median and 95th percentile. */
export function toTimes(times: number[]): [string, string] {
  return [format(median(times)), format(percentile(times, 0.95))]
}

export function printTable(sections: Findings[]): void {
  console.log(`\n${describeMachine()}`)
  for (const { title, columns, rows, notes = [] } of sections) {
    console.log(`\n${title.padEnd(LABEL)}${columns.map((column) => column.padStart(CELL)).join('')}`)
    for (const [label, ...cells] of rows)
      console.log(`  ${label.padEnd(LABEL - 2)}${cells.map((cell) => cell.padStart(CELL)).join('')}`)
    for (const note of notes) console.log(`  · ${note}`)
  }
}

function describeMachine(): string {
  const cpus = os.cpus()
  const memory = Math.round(os.totalmem() / 2 ** 30)
  return `Node ${process.version} · ${cpus[0]?.model.trim()} × ${cpus.length} · ${memory} GB · ${os.platform()}`
}
