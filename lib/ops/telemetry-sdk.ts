import { metrics } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { readDetails } from './health'

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
  observeHealth()

  return () => Promise.all([traces.shutdown(), meters.shutdown()])
}

/** The details of /api/health as metrics. Web servers report them, too, so that they go on when all workers are dead. */
function observeHealth(): void {
  const meter = metrics.getMeter('behind-the-scenes')
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description })
  const gauges = {
    queued: gauge('emails.queued', '{email}', 'Emails that wait to be sent, 10,000 at the most.'),
    failed: gauge('emails.failed', '{email}', 'Emails and jobs that were given up, 10,000 at the most.'),
    stranded: gauge('emails.stranded', '{row}', 'What waits without a job.'),
    workers: gauge('workers', '{process}', 'Live workers.'),
    oldest: gauge('emails.oldest', 's', 'How long the oldest has waited for its first attempt.'),
    perSecond: gauge('emails.pace', '{request}/s', 'How many requests Resend lets us make.'),
    paused: gauge('emails.paused', '1', '1 while no mail goes out.'),
  }
  meter.addBatchObservableCallback(async (result) => {
    const { paused, ...health } = await readDetails()
    for (const name of ['queued', 'failed', 'stranded', 'workers', 'oldest', 'perSecond'] as const) {
      const value = health[name]
      if (value !== null) result.observe(gauges[name], value)
    }
    result.observe(gauges.paused, paused ? 1 : 0)
  }, Object.values(gauges))
}
