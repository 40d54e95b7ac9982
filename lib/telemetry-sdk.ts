import { metrics } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { readHealth } from './health'

const METRICS_MS = 15_000

/**
 * Only start-telemetry.ts loads this. Where to, with what headers and how many of the traces, the exporters and the sampler
 * read from the environment themselves: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * @returns a function that sends the rest and stops
 */
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
  // Without the baggage that a visitor may send along.
  traces.register({ propagator: new W3CTraceContextPropagator() })

  const exporter = new OTLPMetricExporter()
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: METRICS_MS })
  const meters = new MeterProvider({ resource, readers: [reader] })
  metrics.setGlobalMeterProvider(meters)
  if (service === 'worker') observeHealth()

  return () => Promise.all([traces.shutdown(), meters.shutdown()])
}

/** What /api/health tells, for curves and alerts. It is of the whole installation: each worker tells the same. */
function observeHealth(): void {
  const meter = metrics.getMeter('behind-the-scenes')
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description })
  const gauges = {
    queued: gauge('emails.queued', '{email}', 'Emails that wait to be sent, 10,000 at the most.'),
    failed: gauge('emails.failed', '{email}', 'Emails that were given up, 10,000 at the most.'),
    oldest: gauge('emails.oldest', 's', 'How long the oldest has waited for its first attempt.'),
    perSecond: gauge('emails.pace', '{request}/s', 'How many requests Resend lets us make.'),
    paused: gauge('emails.paused', '1', '1 while no mail goes out.'),
  }
  meter.addBatchObservableCallback(async (result) => {
    const health = await readHealth()
    for (const name of ['queued', 'failed', 'oldest', 'perSecond'] as const)
      result.observe(gauges[name], health[name])
    result.observe(gauges.paused, health.paused ? 1 : 0)
  }, Object.values(gauges))
}
