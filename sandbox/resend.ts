import { once, setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createEmulator } from 'emulate'
import { type Call, isSend } from './call'
import { createFaultLayer } from './fault-layer'
import type { Reply } from './faults'
import { createReporter } from './webhooks'

export interface LocalResend {
  url: string
  stop(): Promise<void>
}

interface Options {
  latencyMs: number
  rateLimit: number
  webhookUrl: string
  /** `whsec_` and random bytes in base64. */
  webhookSecret: string
}

// The emulator rejects a key after 4,999 requests in an hour.
const REQUESTS_PER_KEY = 4000

/**
 * Starts a stand-in for Resend on a free port of 127.0.0.1: the API of the `emulate` package, webhooks as Resend sends
 * them, and `/sandbox`, which controls the weather (see fault-layer.ts).
 */
export async function startResend(options: Options): Promise<LocalResend> {
  const { latencyMs, rateLimit, webhookUrl, webhookSecret } = options
  const closing = new AbortController()
  const { signal } = closing
  // Each send and each webhook adds a listener.
  setMaxListeners(0, signal)
  const emulator = await createEmulator({ service: 'resend', port: 0 })
  const report = createReporter({ url: webhookUrl, secret: webhookSecret, signal })
  const layer = createFaultLayer({
    latencyMs,
    rateLimit,
    forward,
    // It rejects only when this server stops.
    onAccepted: (mail) => void report(mail).catch(() => {}),
    signal,
  })
  let forwarded = 0

  async function forward({ method, path, body }: Call): Promise<Reply> {
    const headers = {
      authorization: `Bearer re_${Math.floor(forwarded++ / REQUESTS_PER_KEY)}`,
      'content-type': 'application/json',
    }
    const response = await fetch(emulator.url + path, { method, headers, body: body || undefined })
    const contentType = response.headers.get('content-type') ?? 'application/json'
    return { status: response.status, headers: { 'content-type': contentType }, body: await response.text() }
  }

  async function answer(request: IncomingMessage): Promise<Reply | undefined> {
    const call = await readCall(request)
    if (call.path === '/sandbox') return layer.control(call)
    if (call.path === '/sandbox/weather') return layer.showWeather()
    if (isSend(call)) return layer.send(call)
    return forward(call)
  }

  const server = createServer(async (request, response) => {
    const reply = await answer(request).catch(() => undefined)
    if (!reply) return request.socket.destroy()
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(reply.body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')

  async function stop(): Promise<void> {
    closing.abort()
    server.close()
    server.closeAllConnections()
    await emulator.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

async function readCall(request: IncomingMessage): Promise<Call> {
  return {
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    body: await text(request),
    idempotencyKey: [request.headers['idempotency-key'] ?? []].flat()[0],
    permissive: request.headers['x-batch-validation'] === 'permissive',
  }
}
