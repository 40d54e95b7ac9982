import { setTimeout as sleep } from 'node:timers/promises'
import { env } from '../env'

/**
 * Sends traces and metrics to OTEL_EXPORTER_OTLP_ENDPOINT, if that is set: OpenTelemetry's SDK is loaded only where there
 * is somebody to send them to. Next and pg-boss then add spans of their own.
 * @returns sends what has not been sent yet. A collector that does not answer is no reason to wait.
 */
export async function startTelemetry(service: 'web' | 'worker'): Promise<() => Promise<void>> {
  if (!env('OTEL_EXPORTER_OTLP_ENDPOINT')) return async () => {}
  const { startSdk } = await import('./telemetry-sdk')
  const stop = startSdk(service)
  return async () => {
    await Promise.race([stop().catch(() => {}), sleep(2_000, undefined, { ref: false })])
  }
}
