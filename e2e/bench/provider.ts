import type { Stack } from '../stack'

export type Counts = {
  /** Requests to send, refused ones among them. */
  calls: number
  /** Mails. */
  accepted: number
  /** Requests beyond the limit. */
  refused?: number
}

/** An empty database, and a mail service that answers at once. @param limit requests a second, 0 for any number */
export async function startAfresh(stack: Stack, limit = 0): Promise<void> {
  await stack.reset()
  await setWeather(stack, limit)
  const [row] = await stack.query<{ exists: boolean }>(`SELECT to_regclass('"Pace"') IS NOT NULL AS exists`)
  // What the last workers learned of the account.
  if (row?.exists)
    await stack.query(
      `UPDATE "Pace" SET "nextTurnAt" = now(), "perSecond" = NULL, reason = NULL, failures = 0;
       DELETE FROM "Batch"`,
    )
}

async function setWeather(stack: Stack, rateLimit: number): Promise<void> {
  const response = await put(stack, { latencyMs: 0, rateLimit })
  if (response.ok) return
  // `--root` may lead to a version without a limit.
  if (rateLimit === 0 && (await put(stack, { latencyMs: 0 })).ok) return
  throw new Error(`The mail service of this version has no limit to set: ${await response.text()}`)
}

function put(stack: Stack, settings: object): Promise<Response> {
  return fetch(`${stack.resendUrl}/sandbox`, { method: 'PUT', body: JSON.stringify(settings) })
}

/** What the mail service has counted since it started. */
export async function readCounts(stack: Stack): Promise<Required<Counts>> {
  const response = await fetch(`${stack.resendUrl}/sandbox`)
  const { calls, accepted, refused = 0 }: Counts = await response.json()
  return { calls, accepted, refused }
}
