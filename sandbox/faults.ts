import { setTimeout as sleep } from 'node:timers/promises'
import type { Check } from './intake'
import { INVALID_TO } from './mail'

export interface Reply {
  status: number
  headers?: Record<string, string>
  body: string
}

interface Send {
  /** Forwards the request to Resend and returns its answer. */
  accept(check?: Check): Promise<Reply>
  /** Waits until the mode changes. */
  modeChange(): Promise<unknown>
  signal: AbortSignal
}

export type Mode = keyof typeof modes

/** The answer to a send in each mode. Without a reply, the connection is cut. */
export const modes = {
  ok: ({ accept }) => accept(),
  slow: ({ accept, signal }) => sleep(8000, undefined, { signal }).then(() => accept()),
  outage: async () => refuse(503, 'service_unavailable', 'We are unavailable at the moment.'),
  'rate-limit': async () => refuse(429, 'rate_limit_exceeded', 'Too many requests.', { 'retry-after': '2' }),
  hang: ({ modeChange }) => modeChange().then(cutConnection),
  garbage: async () => ({ status: 200, body: nextNonsense() }),
  'reset-after-accept': ({ accept }) => accept().then(cutConnection),
  invalid: ({ accept }) => accept(() => INVALID_TO),
  'bad-key': async () => refuse(401, 'restricted_api_key', 'This API key is restricted.'),
} satisfies Record<string, (send: Send) => Promise<Reply | undefined>>

/** An error in Resend's format. */
export function refuse(
  status: number,
  name: string,
  message: string,
  headers?: Record<string, string>,
): Reply {
  return { status, headers, body: JSON.stringify({ statusCode: status, name, message }) }
}

function cutConnection(): undefined {}

const nonsense = ['<html>Welcome to nginx!</html>', 'null', '{}']

function nextNonsense(): string {
  const [next = ''] = nonsense.splice(0, 1)
  nonsense.push(next)
  return next
}
