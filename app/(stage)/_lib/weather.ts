import { z } from 'zod'
import { env } from '@/lib/env'
import { unavailable } from '@/lib/http/problem'

/** The modes of the local stand-in for Resend: see sandbox/faults.ts. */
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
  /** The delay of every answer. */
  latencyMs: number
  /** Requests to send a second. 0: no limit. */
  rateLimit: number
}

export const weatherInput = z
  .strictObject({ mode: z.enum(MODES), latencyMs: z.int().min(0).max(10_000) })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'Send mode, latencyMs, or both.')

/** The weather at the local mail service, or null when it does not answer. */
export async function readWeather(): Promise<Weather | null> {
  try {
    const response = await askMailService('/sandbox/weather', { signal: AbortSignal.timeout(1_000) })
    return response.ok ? await response.json() : null
  } catch {
    // The mail service is restarting.
    return null
  }
}

/**
 * Changes the weather, for a while if `forMs` is given, and returns the new state. Without a change it ends such a while.
 * @throws {Problem} 503 when the local mail service does not answer.
 */
export async function changeWeather(change?: Partial<Weather> & { forMs?: number }): Promise<Weather> {
  const response = await askMailService('/sandbox', {
    method: change ? 'PUT' : 'DELETE',
    body: JSON.stringify(change),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined)
  if (!response?.ok) throw unavailable('The local mail service cannot be reached.')
  const { mode, latencyMs, rateLimit } = await response.json()
  return { mode, latencyMs, rateLimit }
}

/**
 * A request to the local mail service, with the key that opens more than sending.
 * @throws when it does not answer
 */
function askMailService(path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${env('SANDBOX_KEY')}` }
  return fetch(env('RESEND_BASE_URL') + path, { ...init, headers, cache: 'no-store' })
}
