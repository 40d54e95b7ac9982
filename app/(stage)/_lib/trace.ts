import { env } from '@/lib/env'

/** A span as the sandbox's collector keeps it: see sandbox/traces.ts. */
type Span = {
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: { key: string; value: { arrayValue?: { values: { stringValue?: string }[] } } }[]
}

/** A step on the way of a mail. Times are in ms since the start of the first step. */
export type Step = { what: string; where: Place; from: number; to: number; depth: number }

export type Place = 'web' | 'queue' | 'worker' | 'Resend'

/** The spans that are shown, by name. Next and pg-boss make many more. */
const STEPS: { name: RegExp; what: string; where: Place; depth: number }[] = [
  { name: /^executing api route .*(?<!webhooks\/resend)$/, what: 'The request', where: 'web', depth: 0 },
  { name: /^commit$/, what: 'One transaction', where: 'web', depth: 1 },
  { name: /^insert send-(email|ticket)$/, what: 'Job queued', where: 'web', depth: 2 },
  { name: /^process send-(email|ticket)$/, what: 'The job', where: 'worker', depth: 0 },
  { name: /^process retry-batch$/, what: 'Another attempt', where: 'worker', depth: 0 },
  { name: /^wait for our turn$/, what: 'Waits for its turn', where: 'worker', depth: 1 },
  { name: /^insert retry-batch$/, what: 'Batch written down', where: 'worker', depth: 1 },
  { name: /^send emails\/batch$/, what: 'One request', where: 'Resend', depth: 1 },
  { name: /^report /, what: 'Webhook', where: 'web', depth: 0 },
]

/** The steps of an email, in the order of their start. Empty while the collector has none. */
export async function readSteps(emailId: string): Promise<Step[]> {
  const response = await fetch(`${env('OTEL_EXPORTER_OTLP_ENDPOINT')}/emails/${emailId}`, {
    signal: AbortSignal.timeout(1_000),
    cache: 'no-store',
  }).catch(() => undefined)
  if (!response?.ok) return []
  const { spans }: { spans?: Span[] } = await response.json()
  return toSteps(spans ?? [], emailId)
}

function toSteps(spans: Span[], emailId: string): Step[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const ours = spans.filter((span) => isAbout(span, emailId, byId))
  const steps = ours.flatMap((span): Step[] => {
    const step = STEPS.find(({ name }) => name.test(span.name))
    if (!step) return []
    const what = step.what === 'Webhook' ? `Webhook: ${span.name.slice(7)}` : step.what
    const [from, to] = [toMs(span.startTimeUnixNano), toMs(span.endTimeUnixNano)]
    return [{ what, where: step.where, depth: step.depth, from, to }]
  })
  const inOrder = (a: Step, b: Step): number => a.from - b.from
  return startAtZero(withQueue(steps.sort(inOrder)).sort(inOrder))
}

// The trace of a batch also has spans about other people's mails.
function isAbout(span: Span, emailId: string, byId: Map<string, Span>): boolean {
  const ids = span.attributes?.find(({ key }) => key === 'email.ids')?.value.arrayValue?.values
  if (ids) return ids.some(({ stringValue }) => stringValue === emailId)
  const parent = byId.get(span.parentSpanId ?? '')
  return parent !== undefined && isAbout(parent, emailId, byId)
}

// The wait in the queue has no span. It is the time between the commit and the start of the job.
function withQueue(steps: Step[]): Step[] {
  const commit = steps.find(({ what }) => what === 'One transaction')
  const job = steps.find(({ where }) => where === 'worker')
  if (!commit || !job) return steps
  // A worker may start the job before the web server hears of its own commit.
  const from = Math.min(commit.to, job.from)
  return [{ what: 'Waits', where: 'queue', depth: 0, from, to: job.from }, ...steps]
}

function startAtZero(steps: Step[]): Step[] {
  const start = steps[0]?.from ?? 0
  return steps.map((step) => ({ ...step, from: step.from - start, to: step.to - start }))
}

const toMs = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1_000n) / 1_000
