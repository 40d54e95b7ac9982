import { setMaxListeners } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Call, isSend } from './call'
import { startEmulator } from './emulator'
import { createFaultLayer } from './fault-layer'
import { type Reply, refuse } from './faults'
import { startLoopbackServer } from './loopback-server'
import { createReporter } from './webhooks'

export interface LocalResend {
  url: string
  stop(): Promise<void>
}

interface Options {
  /** Opens the mails and `/sandbox`, as a Bearer token. Sending takes any API key instead. */
  sandboxKey: string
  latencyMs: number
  rateLimit: number
  webhookUrl: string
  /** `whsec_` and random bytes in base64. */
  webhookSecret: string
}

/**
 * Starts a stand-in for Resend on a free port of 127.0.0.1: the API of the `emulate` package, webhooks as Resend sends
 * them, and `/sandbox`, which controls the weather (see fault-layer.ts).
 */
export async function startResend(options: Options): Promise<LocalResend> {
  const { sandboxKey, latencyMs, rateLimit, webhookUrl, webhookSecret } = options
  const closing = new AbortController()
  const { signal } = closing
  // Each send and each webhook adds a listener.
  setMaxListeners(0, signal)
  const emulator = await startEmulator()
  const report = createReporter({ url: webhookUrl, secret: webhookSecret, signal })
  const layer = createFaultLayer({
    latencyMs,
    rateLimit,
    forward: emulator.ask,
    // It rejects only when this server stops.
    onAccepted: (mail) => void report(mail).catch(() => {}),
    signal,
  })

  async function answer(request: IncomingMessage): Promise<Reply | undefined> {
    const call = await readCall(request)
    const refusal = checkKey(call, sandboxKey)
    if (refusal) return refusal
    if (call.path === '/sandbox') return layer.control(call)
    if (call.path === '/sandbox/weather') return layer.showWeather()
    if (isSend(call)) return layer.send(call)
    return emulator.ask(call)
  }

  const server = await startLoopbackServer(async (request, response) => {
    const reply = await answer(request).catch((error) => {
      if (!closing.signal.aborted) console.error('The stand-in for Resend cuts a connection:', error)
    })
    if (!reply) return void request.socket.destroy()
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(reply.body)
  })

  async function stop(): Promise<void> {
    closing.abort()
    server.stop()
    await emulator.stop()
  }
  return { url: server.url, stop }
}

/** Sending takes every key that looks like one of Resend's: tests with production's settings bring their own. */
function checkKey(call: Call, sandboxKey: string): Reply | undefined {
  const { account } = call
  if (!account) return refuse(401, 'missing_api_key', 'Missing API key in the authorization header.')
  const isGood = isSend(call) ? /^Bearer re_./.test(account) : account === `Bearer ${sandboxKey}`
  return isGood ? undefined : refuse(401, 'invalid_api_key', 'API key is invalid.')
}

async function readCall(request: IncomingMessage): Promise<Call> {
  return {
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    body: await text(request),
    account: request.headers.authorization ?? '',
    idempotencyKey: [request.headers['idempotency-key'] ?? []].flat()[0],
    permissive: request.headers['x-batch-validation'] === 'permissive',
  }
}
