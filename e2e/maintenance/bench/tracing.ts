import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newAddress, signUp } from '../../app'
import type { Stack } from '../../stack'
import { measureCpu, median } from './measure'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

const ROUNDS = 5

/** Measures what a signup pays for tracing, without a collector and with one. */
export async function measureTracing(stack: Stack, { rounds }: Sizes): Promise<Findings> {
  await startAfresh(stack)
  const { output } = await stack.run(['--import', 'tsx', 'e2e/maintenance/bench/empty-calls.ts'])
  const { us, modules } = JSON.parse(output)
  const collector = createServer((request, response) => request.resume().on('end', () => response.end('{}')))
  await once(collector.listen(0, '127.0.0.1'), 'listening')
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const webs = [
    await stack.startWeb(),
    await stack.startWeb({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } }),
  ]
  try {
    const costs: number[][] = webs.map(() => [])
    // In turns, so that other load affects both alike. The first round warms up.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [index, web] of webs.entries()) {
        const ms = await measureCpu(web.pid, rounds, async () => void (await signUp(newAddress(), web.url)))
        if (round > 0) costs[index]?.push(ms)
      }
    }
    const [off = Number.NaN, on = Number.NaN] = costs.map(median)
    return {
      title: `TRACING: web CPU of a signup, ${ROUNDS} × ${rounds}`,
      columns: ['median'],
      rows: [
        ['without a collector', format(off, 'ms')],
        ['of it, the empty calls', `${(us / 1_000).toFixed(4)} ms`],
        ['of it, the empty calls, in %', `${((us / 1_000 / off) * 100).toFixed(2)} %`],
        ["modules of OpenTelemetry's SDK that are loaded", String(modules)],
        ['with a collector, every trace', format(on, 'ms')],
      ],
    }
  } finally {
    await Promise.all(webs.map((web) => web.kill('SIGKILL')))
    collector.close()
    collector.closeAllConnections()
  }
}
