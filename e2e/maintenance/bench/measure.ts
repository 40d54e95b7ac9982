import { readFileSync } from 'node:fs'

/** Runs one after the other, never side by side. */
export async function repeat<Result>(times: number, run: () => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let i = 0; i < times; i++) results.push(await run())
  return results
}

/** How long one run takes, in ms. */
export async function time(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

/** @param share 0.5 is the median; NaN when there are no values */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
}

export const median = (values: number[]): number => percentile(values, 0.5)

// The unit in which /proc counts, on every platform that Node supports (USER_HZ).
const TICKS_PER_SECOND = 100

/** The CPU time of a process with all its threads so far, in ms; NaN where there is no /proc. */
export function readCpuMs(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the program's name in brackets, and may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
}

/** The resident memory of a process, in kB; NaN where there is no /proc. */
export function readMemoryKb(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

const CONNECTIONS = 4

/** CPU time of a web server for each request, over a few kept connections. */
export async function measureCpu(pid: number, times: number, request: () => Promise<void>): Promise<number> {
  const before = readCpuMs(pid)
  let left = times
  const work = async (): Promise<void> => {
    while (left-- > 0) await request()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
  return (readCpuMs(pid) - before) / times
}

/** Waits until the condition holds, and says whether it did in time. */
export async function waitAtMost(ms: number, condition: () => Promise<boolean>): Promise<boolean> {
  const end = Date.now() + ms
  while (!(await condition())) {
    if (Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return true
}
