import { json } from 'node:stream/consumers'
import { type LoopbackServer, startLoopbackServer } from './loopback-server'

type Value = { stringValue?: string; intValue?: string | number; arrayValue?: { values: Value[] } }
type Attribute = { key: string; value: Value }

/** The used fields of a span. https://github.com/open-telemetry/opentelemetry-proto */
interface Span {
  traceId: string
  links?: { traceId: string }[]
  attributes?: Attribute[]
  service: string
  pid: string
}

interface Export {
  resourceSpans?: {
    resource?: { attributes?: Attribute[] }
    scopeSpans?: { spans?: Omit<Span, 'service' | 'pid'>[] }[]
  }[]
}

const MAX_TRACES = 2_000

/**
 * Starts a small collector on a free port of 127.0.0.1. It takes traces by OTLP in JSON. `GET /emails/<id>` returns the
 * spans of all traces about an email. Metrics are discarded.
 */
export async function startTraceReceiver(): Promise<LoopbackServer> {
  const traces = new Map<string, Span[]>()
  const byEmail = new Map<string, Set<string>>()

  function keep(span: Span): void {
    const spans = traces.get(span.traceId) ?? []
    traces.set(span.traceId, [...spans, span])
    for (const id of readEmails(span)) byEmail.set(id, (byEmail.get(id) ?? new Set()).add(span.traceId))
    if (traces.size > MAX_TRACES) forget([...traces.keys()].slice(0, MAX_TRACES / 10))
  }

  function forget(ids: string[]): void {
    for (const id of ids) traces.delete(id)
    for (const [email, its] of byEmail) if ([...its].every((id) => !traces.has(id))) byEmail.delete(email)
  }

  return await startLoopbackServer(async (request, response) => {
    const [, email] = /^\/emails\/([0-9a-f-]{36})$/.exec(request.url ?? '') ?? []
    if (request.url === '/v1/traces') {
      const spans = readSpans((await json(request).catch(() => ({}))) as Export)
      for (const span of spans) keep(span)
    }
    const spans = [...(byEmail.get(email ?? '') ?? [])].flatMap((id) => traces.get(id) ?? [])
    response.setHeader('content-type', 'application/json').end(JSON.stringify(email ? { spans } : {}))
    request.resume()
  })
}

function readSpans({ resourceSpans = [] }: Export): Span[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const read = (wanted: string): Value =>
      resource?.attributes?.find(({ key }) => key === wanted)?.value ?? {}
    const service = read('service.name').stringValue ?? ''
    const pid = `${read('process.pid').intValue ?? ''}`
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => ({ ...span, service, pid })))
  })
}

function readEmails({ attributes = [] }: Span): string[] {
  const value = attributes.find(({ key }) => key === 'email.ids')?.value
  return (value?.arrayValue?.values ?? []).map(({ stringValue = '' }) => stringValue)
}
