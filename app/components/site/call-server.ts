import { type Problem, readProblem, TIMEOUT_MS, UNREACHABLE } from '../signup/send-signup'

export type Answer<Data> = { data: Data } | { problem: Problem }

/** Never throws. A 204 has no data. */
export async function callServer<Data>(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<Answer<Data>> {
  try {
    const response = await fetch(path, {
      method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) return { problem: await readProblem(response) }
    return { data: response.status === 204 ? undefined : await response.json() }
  } catch {
    return { problem: UNREACHABLE }
  }
}
