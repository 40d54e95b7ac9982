import { setTimeout as sleep } from 'node:timers/promises'
import { env } from '../env'

/** Loads OpenTelemetry's SDK if OTEL_EXPORTER_OTLP_ENDPOINT is set. @returns a function that flushes within 2 s */
export async function startTelemetry(service: 'web' | 'worker'): Promise<() => Promise<void>> {
  if (!env('OTEL_EXPORTER_OTLP_ENDPOINT')) return async () => {}
  const { startSdk } = await import('./telemetry-sdk')
  const stop = startSdk(service)
  return async () => {
    await Promise.race([stop().catch(() => {}), sleep(2_000, undefined, { ref: false })])
  }
}
