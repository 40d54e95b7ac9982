import {
  context,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

// These calls do nothing unless lib/ops/start-telemetry.ts has loaded OpenTelemetry's SDK.

const NAME = 'behind-the-scenes'

/** Runs `act` within a span. `from`: a result of `currentTrace`, whose trace continues. */
export function traced<Result>(
  name: string,
  act: (span: Span) => Promise<Result>,
  { from, ...options }: SpanOptions & { from?: string } = {},
): Promise<Result> {
  const here = trace.getActiveSpan()
  const parent = from ? propagation.extract(ROOT_CONTEXT, { traceparent: from }) : context.active()
  if (from && here) options.links = [{ context: here.spanContext() }]
  return trace.getTracer(NAME).startActiveSpan(name, options, parent, async (span) => {
    try {
      return await act(span)
    } catch (error) {
      fail(span, (error as Error).name)
      throw error
    } finally {
      span.end()
    }
  })
}

export function fail(span: Span, reason: string): void {
  span.setAttribute('error.type', reason)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** Returns the current span for `traced`. It fits into a tag of an email. */
export function currentTrace(): string | undefined {
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent
}

/** Adds the emails' ids to the current span. @returns its id as a field for the log line */
export function tieToSpan({ emailId, emailIds }: { emailId?: string; emailIds?: string[] }): {
  traceId?: string
} {
  const span = trace.getActiveSpan()
  if (!span?.isRecording()) return {}
  const ids = emailIds ?? (emailId ? [emailId] : [])
  if (ids.length > 0) span.setAttribute('email.ids', ids)
  return { traceId: span.spanContext().traceId }
}

export function recordAttempts(result: string, count: number): void {
  metrics
    .getMeter(NAME)
    .createCounter('emails.attempts', { unit: '{email}', description: 'Emails by the result of an attempt.' })
    .add(count, { result })
}
