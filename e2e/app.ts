import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { Snapshot } from '../lib/status/status'
import { query } from './stack'

/** The installation that all tests share. Its runner wrote down how to reach each part. */
export const app = {
  url: process.env.APP_URL ?? '',
  env: (): Record<string, string | undefined> => parseEnv(readFileSync('test-results/sandbox/env', 'utf8')),
}

/** A statement on the shared database. */
export function sql<Row>(statement: string, values: unknown[] = []): Promise<Row[]> {
  return query<Row>(app.env().DATABASE_URL ?? '', statement, values)
}

/** An address that no other test uses. */
export function newAddress(): string {
  return `${randomUUID()}@example.com`
}

/** Asks again while the server sheds load, as the form and Resend do. On a busy computer, a few requests are enough for that. */
export async function askUntilTaken(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await ask()
    if (response.status !== 503 || response.headers.get('retry-after') !== '5') return response
    if (!(await response.clone().text()).includes('"detail":"Too many')) return response
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Reads the token that the signup form of a page sends. */
export async function readForm(url: string): Promise<string> {
  return /\d{13}\.[\w-]{43}/.exec(await (await fetch(url)).text())?.[0] ?? ''
}

/** Sends a signup as a program would, again while the server sheds load. */
export function postSignup(...args: Parameters<typeof postSignupOnce>): Promise<Response> {
  return askUntilTaken(() => postSignupOnce(...args))
}

/** Sends one signup. */
export function postSignupOnce(
  body: unknown,
  headers: Record<string, string> = {},
  url = app.url,
): Promise<Response> {
  return fetch(`${url}/api/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
  })
}

/** Signs a user up and returns the email. */
export async function signUp(email = newAddress(), url = app.url): Promise<Snapshot> {
  return (await (await postUntilAccepted(email, url)).json()).welcomeEmail
}

/** Signs up as our form does: on a busy computer, the server sheds load, and the form asks again. Returns the 201. */
export async function postUntilAccepted(email: string, url: string): Promise<Response> {
  const headers = { 'idempotency-key': randomUUID() }
  for (;;) {
    const response = await postSignupOnce({ name: 'Ada', email }, headers, url)
    if (response.status === 201) return response
    const text = await response.text()
    if (response.status !== 503) throw new Error(`${response.status} ${text}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Listens to the stream of an email until a snapshot satisfies the condition, through restarts of anything. */
export async function waitForSnapshot(
  id: string,
  satisfies: (snapshot: Snapshot) => boolean,
  url = app.url,
): Promise<Snapshot> {
  for (;;) {
    try {
      const snapshots = readStream(`${url}/api/emails/${id}/events`)
      for await (const snapshot of snapshots) if (satisfies(snapshot)) return snapshot
    } catch (error) {
      if (!isPassing(error)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The snapshots of one event stream, as they arrive. */
export async function* readStream(
  url: string,
  headers: Record<string, string> = {},
): AsyncGenerator<Snapshot> {
  for await (const { event, data } of readEvents(url, headers)) if (event === 'email') yield data as Snapshot
}

/** All events of one stream, as they arrive. */
export async function* readEvents(
  url: string,
  headers: Record<string, string> = {},
): AsyncGenerator<{ event: string; data: unknown }> {
  const response = await fetch(url, { headers })
  if (response.status !== 200 || !response.body) throw new HttpError(response.status, url)
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const event = /^event: (.*)$/m.exec(message)?.[1] ?? ''
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data) yield { event, data: JSON.parse(data) }
    }
  }
}

class HttpError extends Error {
  constructor(
    readonly status: number,
    url: string,
  ) {
    super(`${url} answered ${status}`)
  }
}

// No answer, a broken stream, or no database: a browser would retry.
function isPassing(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof HttpError && error.status === 503)
}

export const isDelivered = (snapshot: Snapshot): boolean => snapshot.status === 'delivered'
