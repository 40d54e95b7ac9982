import { metrics } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { readDetails } from './health'

const METRICS_MS = 15_000

// Other settings: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
/** @returns a function that flushes and stops the SDK */
export function startSdk(service: 'web' | 'worker'): () => Promise<unknown> {
  const resource = resourceFromAttributes({
    'service.namespace': 'behind-the-scenes',
    'service.name': service,
    'process.pid': process.pid,
  }).merge(detectResources({ detectors: [envDetector] }))

  const traces = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  // Ignores the baggage of a visitor's request.
  traces.register({ propagator: new W3CTraceContextPropagator() })

  const exporter = new OTLPMetricExporter()
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: METRICS_MS })
  const meters = new MeterProvider({ resource, readers: [reader] })
  metrics.setGlobalMeterProvider(meters)
  observeHealth()

  return () => Promise.all([traces.shutdown(), meters.shutdown()])
}

/** Reports the details of /api/health as metrics. Web servers do it, too, for when all workers are dead. */
function observeHealth(): void {
  const meter = metrics.getMeter('behind-the-scenes')
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description })
  const gauges = {
    queued: gauge('emails.queued', '{email}', 'Waiting emails, at most 10,000.'),
    failed: gauge('emails.failed', '{email}', 'Emails and jobs that were given up, at most 10,000.'),
    stranded: gauge('emails.stranded', '{row}', 'Rows that wait without their job.'),
    workers: gauge('workers', '{process}', 'Live workers.'),
    oldest: gauge('emails.oldest', 's', 'How long the oldest email has waited for its first attempt.'),
    perSecond: gauge('emails.pace', '{request}/s', 'The limit of requests to Resend.'),
    paused: gauge('emails.paused', '1', '1 while no mail goes out.'),
    attention: gauge('emails.attention', '1', '1 while an operator must act.'),
  }
  meter.addBatchObservableCallback(async (result) => {
    const { paused, attention, ...health } = await readDetails()
    for (const name of ['queued', 'failed', 'stranded', 'workers', 'oldest', 'perSecond'] as const) {
      const value = health[name]
      if (value !== null) result.observe(gauges[name], value)
    }
    // Both are null, too, when they cannot be read. Then there is no `perSecond`.
    if (health.perSecond === null) return
    result.observe(gauges.paused, paused ? 1 : 0)
    result.observe(gauges.attention, attention ? 1 : 0)
  }, Object.values(gauges))
}
