import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { expect } from '@playwright/test'
import { waitFor } from '../stack'
import { test } from '../test'
import { signUpMany } from './steps'

type Attribute = { key: string; value: object }
type Span = { name: string; traceId: string; links?: { traceId: string }[]; attributes: Attribute[] }
type Export = {
  resourceSpans?: { scopeSpans: { spans: Span[] }[] }[]
  resourceMetrics?: { scopeMetrics: { metrics: { name: string }[] }[] }[]
}

/** A collector as a company has one: it takes OTLP, and here it keeps what it got. */
async function startCollector() {
  const spans: Span[] = []
  const metrics = new Set<string>()
  const server = createServer(async (request, response) => {
    const { resourceSpans = [], resourceMetrics = [] } = (await json(request)) as Export
    for (const { scopeSpans } of resourceSpans) spans.push(...scopeSpans.flatMap((scope) => scope.spans))
    for (const { scopeMetrics } of resourceMetrics)
      for (const { name } of scopeMetrics.flatMap((scope) => scope.metrics)) metrics.add(name)
    response.end('{}')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { spans, metrics, url: `http://127.0.0.1:${port}`, stop: () => server.close() }
}

test('a collector gets one trace a signup, the batch links to those of its mails, and the figures come, too', async ({
  stack,
}) => {
  const collector = await startCollector()
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' }
  const web = await stack.startWeb({ env })
  const ids = await signUpMany({ ...stack, appUrl: web.url }, 20)
  const worker = await stack.startWorker(env)
  await waitFor(async () => {
    const [row] = await stack.query<{ count: number }>(
      `SELECT count(*)::int FROM "Email" WHERE status = 'delivered'`,
    )
    return row?.count === ids.length
  })
  // The worker exports the remaining spans when it ends.
  expect(await worker.kill('SIGTERM')).toBe(0)
  await waitFor(() => find('commit').length === ids.length)
  collector.stop()

  function find(name: string): Span[] {
    return collector.spans.filter((span) => span.name === name)
  }
  const traces = new Set(find('commit').map(({ traceId }) => traceId))
  expect(traces.size).toBe(ids.length)
  // The worker continues the trace of the first mail of each batch, and links to those of the others.
  const known = [
    ...find('process send-email'),
    ...find('receive send-email').flatMap(({ links = [] }) => links),
    ...find('send emails/batch'),
  ].map(({ traceId }) => traceId)
  expect(new Set(known)).toEqual(traces)
  const [send] = find('send emails/batch')
  expect(
    Object.fromEntries(send?.attributes.map(({ key, value }) => [key, Object.values(value)[0]]) ?? []),
  ).toMatchObject({
    'messaging.system': 'resend',
    'messaging.operation.type': 'send',
    'messaging.batch.message_count': expect.any(Number),
  })
  for (const name of ['emails.queued', 'emails.oldest', 'emails.pace', 'emails.attempts'])
    expect(collector.metrics).toContain(name)
})

test('the curves go on when all workers are dead: the web servers tell them, too', { tag: '@long' }, async ({
  stack,
}) => {
  const collector = await startCollector()
  await stack.startWeb({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } })
  const names = [
    'emails.queued',
    'emails.oldest',
    'emails.failed',
    'emails.pace',
    'emails.paused',
    'emails.attention',
    'workers',
  ]
  await waitFor(() => names.every((name) => collector.metrics.has(name)))
  collector.stop()
})
