import { z } from 'zod'
import { env } from '@/lib/env'
import { unavailable } from '@/lib/http/problem'

/** What the local stand-in for Resend can be told to do: see sandbox/faults.ts. */
const MODES = [
  'ok',
  'slow',
  'outage',
  'rate-limit',
  'hang',
  'garbage',
  'reset-after-accept',
  'invalid',
  'bad-key',
] as const

export type Mode = (typeof MODES)[number]

export type Weather = {
  mode: Mode
  /** How long every answer takes. */
  latencyMs: number
  /** How many requests to send are let through in a second; 0: all. */
  rateLimit: number
}

/** A change of the weather. */
export const weatherInput = z
  .strictObject({ mode: z.enum(MODES), latencyMs: z.int().min(0).max(10_000) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Send mode, latencyMs, or both.')

/** The weather at the local mail service, or null when it doesn't tell. */
export async function readWeather(): Promise<Weather | null> {
  try {
    const response = await askMailService('/sandbox/weather', { signal: AbortSignal.timeout(1_000) })
    return response.ok ? await response.json() : null
  } catch {
    // While the mail service restarts, that there is no weather is all there is to say.
    return null
  }
}

/**
 * Changes the weather, and returns the new one.
 * @throws {Problem} 503 when the local mail service does not answer.
 */
export async function changeWeather(change: Partial<Weather>): Promise<Weather> {
  const response = await askMailService('/sandbox', {
    method: 'PUT',
    body: JSON.stringify(change),
    signal: AbortSignal.timeout(2_000),
  }).catch(() => undefined)
  if (!response?.ok) throw unavailable('The local mail service does not answer.')
  const { mode, latencyMs, rateLimit } = await response.json()
  return { mode, latencyMs, rateLimit }
}

/**
 * A request to the local mail service, with the key that opens more than sending.
 * @throws when it does not answer
 */
export function askMailService(path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${env('SANDBOX_KEY')}` }
  return fetch(env('RESEND_BASE_URL') + path, { ...init, headers, cache: 'no-store' })
}
