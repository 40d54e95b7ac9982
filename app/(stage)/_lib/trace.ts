import { prisma } from '@/lib/db/prisma'
import { env } from '@/lib/env'

/** A span as the sandbox's collector keeps it: see sandbox/traces.ts. */
type Span = {
  spanId: string
  parentSpanId?: string
  name: string
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes?: {
    key: string
    value: { stringValue?: string; arrayValue?: { values: { stringValue?: string }[] } }
  }[]
  /** The process id. */
  pid?: string
}

/** A step on the way of a mail. Times are in ms since the start of the first step. */
export type Step = {
  what: string
  where: Place
  /** The process id of the worker. */
  worker?: string
  /** True while nothing is done. */
  isWait?: boolean
  /** Why an attempt has failed. A code: see app/components/ticket/reasons.ts. */
  reason?: string
  from: number
  to: number
  depth: number
}

export type Place = 'web' | 'queue' | 'worker' | 'Resend'

const ATTEMPT = 'Attempt'
const WRITTEN = 'Batch written down'
const TURN = 'Waits for its turn'

/** The spans that are shown, by name. Next and pg-boss make many more. */
const STEPS: { name: RegExp; what: string; where: Place; depth: number }[] = [
  { name: /^executing api route .*(?<!webhooks\/resend)$/, what: 'The request', where: 'web', depth: 0 },
  { name: /^commit$/, what: 'One transaction', where: 'web', depth: 1 },
  { name: /^insert send-(email|ticket)$/, what: 'Job queued', where: 'web', depth: 2 },
  { name: /^process send-(email|ticket)$/, what: 'The job', where: 'worker', depth: 0 },
  { name: /^process retry-batch$/, what: 'Another attempt', where: 'worker', depth: 0 },
  { name: /^wait for our turn$/, what: TURN, where: 'worker', depth: 1 },
  { name: /^insert retry-batch$/, what: WRITTEN, where: 'worker', depth: 1 },
  { name: /^send emails\/batch$/, what: ATTEMPT, where: 'Resend', depth: 1 },
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

/** Completes the beginning of an email's id. Returns the input if there is no such email. */
export async function completeId(start: string): Promise<string> {
  if (!/^[0-9a-f]{8}$/i.test(start)) return start
  const { id } =
    (await prisma().email.findFirst({
      where: {
        id: { gte: `${start}-0000-0000-0000-000000000000`, lte: `${start}-ffff-ffff-ffff-ffffffffffff` },
      },
    })) ?? {}
  return id ?? start
}

type Shown = Step & { id: string; parent: string | undefined }

function toSteps(spans: Span[], emailId: string): Step[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const ours = spans.filter((span) => isAbout(span, emailId, byId))
  const steps = ours.flatMap((span): Shown[] => {
    const step = findStep(span)
    if (!step) return []
    const what = step.what === 'Webhook' ? `Webhook: ${span.name.slice(7)}` : step.what
    const [from, to] = [toMs(span.startTimeUnixNano), toMs(span.endTimeUnixNano)]
    const parent = step.depth > 0 ? findParent(span, step.depth, byId) : undefined
    const { where, depth } = step
    const worker = where === 'worker' && depth === 0 ? span.pid : undefined
    const reason = span.attributes?.find(({ key }) => key === 'error.type')?.value.stringValue
    return [{ what, where, worker, isWait: what === TURN, reason, depth, from, to, id: span.spanId, parent }]
  })
  return startAtZero(countAttempts(inOrder([...findWaits(steps), ...steps])))
}

/** Numbers the attempts. What is written down after one is a plan for the next. */
function countAttempts(steps: Step[]): Step[] {
  let attempt = 0
  return steps.map((step, index) => {
    if (step.what === ATTEMPT) return { ...step, what: `${ATTEMPT} ${++attempt}` }
    const isPlan = step.what === WRITTEN && steps[index - 1]?.what === ATTEMPT
    return isPlan ? { ...step, what: 'Next try planned' } : step
  })
}

const findStep = (span: Span) => STEPS.find(({ name }) => name.test(span.name))

/** The nearest span above that is shown. */
function findParent(span: Span, depth: number, byId: Map<string, Span>): string | undefined {
  const parent = byId.get(span.parentSpanId ?? '')
  if (!parent) return
  const step = findStep(parent)
  return step && step.depth < depth ? parent.spanId : findParent(parent, depth, byId)
}

/** Each step is followed by its parts, even if they began within the same microsecond. */
function inOrder(steps: Shown[], parent?: string): Shown[] {
  return steps
    .filter((step) => step.parent === parent)
    .sort((a, b) => a.from - b.from)
    .flatMap((step) => [step, ...inOrder(steps, step.id)])
}

// The trace of a batch also has spans about other people's mails.
function isAbout(span: Span, emailId: string, byId: Map<string, Span>): boolean {
  const ids = span.attributes?.find(({ key }) => key === 'email.ids')?.value.arrayValue?.values
  if (ids) return ids.some(({ stringValue }) => stringValue === emailId)
  const parent = byId.get(span.parentSpanId ?? '')
  return parent !== undefined && isAbout(parent, emailId, byId)
}

// A wait in the queue has no span. It is the time until the job, and between two attempts.
function findWaits(steps: Shown[]): Shown[] {
  const commit = steps.find(({ what }) => what === 'One transaction')
  const jobs = steps.filter(({ where, depth }) => where === 'worker' && depth === 0)
  jobs.sort((a, b) => a.from - b.from)
  return jobs.flatMap((job, index): Shown[] => {
    const before = index === 0 ? commit : jobs[index - 1]
    if (!before) return []
    // The request to Resend goes on after the job. A worker may start a job before the web server hears of its own commit.
    const parts = steps.filter(({ parent }) => parent === before.id)
    const from = Math.min(Math.max(before.to, ...parts.map(({ to }) => to)), job.from)
    const what = index === 0 ? 'Waits' : 'Waits to try again'
    const wait = { what, where: 'queue', isWait: true, from, to: job.from } as const
    return [{ ...wait, depth: 0, id: `before ${job.id}`, parent: undefined }]
  })
}

function startAtZero(steps: Step[]): Step[] {
  const start = steps[0]?.from ?? 0
  return steps.map((step) => ({ ...step, from: step.from - start, to: step.to - start }))
}

const toMs = (nanoseconds: string): number => Number(BigInt(nanoseconds) / 1_000n) / 1_000
