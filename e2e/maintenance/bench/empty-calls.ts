/* What tracing costs where there is no collector: run by tracing.ts in a process of its own. */
import { createRequire } from 'node:module'
import { startTelemetry } from '../../../lib/ops/start-telemetry'
import { tieToSpan, traced } from '../../../lib/telemetry'

const TIMES = 50_000

await startTelemetry('web')
const emailId = crypto.randomUUID()
// The same calls as in a signup: a span around the commit, a line in the log.
const once = async (): Promise<void> => {
  await traced('commit', async () => {})
  tieToSpan({ emailId })
}
const bare = async (): Promise<void> => {
  await (async () => {})()
}
for (const warmUp of [bare, once]) await run(warmUp)
const us = (await run(once)) - (await run(bare))
const loaded = Object.keys(createRequire(import.meta.url).cache)
const modules = loaded.filter((file) => /@opentelemetry[\\/](?!api[\\/])/.test(file)).length
console.log(JSON.stringify({ us, modules }))

/** In µs for each call. */
async function run(act: () => Promise<void>): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < TIMES; i++) await act()
  return ((performance.now() - start) * 1_000) / TIMES
}
