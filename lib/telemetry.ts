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

/*
 * The one place for traces and metrics. Until start-telemetry.ts has loaded OpenTelemetry's SDK, and it does only where
 * there is somebody to send them to, all of this is a few empty calls.
 */

const NAME = 'behind-the-scenes'

/**
 * Does something within a span.
 * @param options `from` is a trace that came from outside, as `currentTrace` gave it: the span continues that one
 */
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

/** Marks a span as failed, for a reason that is a code. */
export function fail(span: Span, reason: string): void {
  span.setAttribute('error.type', reason)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** The current span, for `traced` to continue elsewhere; undefined when there is none. Fit for a tag of a mail. */
export function currentTrace(): string | undefined {
  const carrier: { traceparent?: string } = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent
}

/** Ties the current span and a line of the log together: which emails the span is about, and which trace the line. */
export function tieToSpan({ emailId, emailIds }: { emailId?: string; emailIds?: string[] }): {
  traceId?: string
} {
  const span = trace.getActiveSpan()
  if (!span?.isRecording()) return {}
  const ids = emailIds ?? (emailId ? [emailId] : [])
  if (ids.length > 0) span.setAttribute('email.ids', ids)
  return { traceId: span.spanContext().traceId }
}

/** Counts mails by what an attempt to send them came to. */
export function countMails(result: string, count: number): void {
  metrics
    .getMeter(NAME)
    .createCounter('emails.attempts', { unit: '{email}', description: 'Emails by the result of an attempt.' })
    .add(count, { result })
}
