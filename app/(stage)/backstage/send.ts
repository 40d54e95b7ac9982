import type { Problem } from '@/app/components/signup/send-signup'

/** Sends JSON to a route of ours. Returns an error as a sentence. Never throws. */
export async function send<Answer>(
  method: 'POST' | 'PUT',
  url: string,
  body: object,
): Promise<{ answer: Answer } | { error: string }> {
  try {
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
    if (response.ok) return { answer: await response.json() }
    const { title, detail }: Problem = await response.json()
    return { error: detail ?? title }
  } catch {
    return { error: 'We couldn’t reach the server.' }
  }
}
