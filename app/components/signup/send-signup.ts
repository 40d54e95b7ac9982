import type { Snapshot } from '@/lib/status/status'

/** An error of the server (RFC 9457), or `UNREACHABLE`. */
export type Problem = {
  title: string
  /** Of HTTP. */
  status?: number
  detail?: string
  errors?: Record<string, string[]>
  /** When to try again. ISO 8601, by this browser's clock. */
  retryAt?: string
}

/** The owner of a ticket. Only the owner's browser gets this. */
export type Person = { name: string; email: string }

export type Signup = { user: Person; welcomeEmail: Snapshot; waitedMs: number }
export type SignupAnswer = Signup | { problem: Problem }

export const UNREACHABLE: Problem = {
  title: 'We couldn’t reach the server.',
  detail: 'Please try again.',
}

/** Longer than the server waits for a database that hangs. Until a form is answered, React lets no link of the page navigate. */
export const TIMEOUT_MS = 20_000

/**
 * Posts a signup and measures the wait. Never throws.
 * @param key the Idempotency-Key: the same for the same body, so that a retry cannot sign up twice
 */
export async function sendSignup(body: string, key: string): Promise<SignupAnswer> {
  const start = performance.now()
  try {
    const response = await fetch('/api/users', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) return { problem: await readProblem(response) }
    const { user, welcomeEmail } = await response.json()
    return { user, welcomeEmail, waitedMs: Math.max(1, Math.round(performance.now() - start)) }
  } catch {
    return { problem: UNREACHABLE }
  }
}

/** Reads the error from an answer that is not OK. */
export async function readProblem(response: Response): Promise<Problem> {
  // A proxy has error pages of its own, in HTML or JSON.
  if (!response.headers.get('Content-Type')?.includes('json')) return UNREACHABLE
  const problem: Problem = await response.json()
  if (typeof problem?.title !== 'string') return UNREACHABLE
  const seconds = Number(response.headers.get('Retry-After'))
  if (!seconds) return problem
  return { ...problem, retryAt: new Date(Date.now() + seconds * 1000).toISOString() }
}

/** A random UUID. `crypto.randomUUID` is missing on a page that another machine opened over plain HTTP. */
export function createKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
