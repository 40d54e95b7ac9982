import { untilAborted } from '../../lib/http/until-aborted'

export type Answer = { status: number; text: string; headers: Headers }

/** @returns undefined without a whole answer within `ms`: the server can die between its head and its body, too */
export async function ask(ms: number, url: string | URL, init: RequestInit): Promise<Answer | undefined> {
  const signal = AbortSignal.timeout(ms)
  return await untilAborted(signal, read(url, { ...init, signal })).catch(() => undefined)
}

async function read(url: string | URL, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const { status, headers } = response
  return { status, headers, text: await response.text() }
}
