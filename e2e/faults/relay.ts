import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Stack } from '../stack'

/** A mail, as far as the tests look at it. */
type Mail = { to: string; subject: string; tags: [{ value: string }] }

export type Reply = { status: number; headers?: Record<string, string>; body: string }

/** Says what a request to send is answered with; `forward` asks the stack's own mail service, `key` is the idempotency key. */
export type Answer = (mails: Mail[], forward: () => Promise<Reply>, key: string) => Promise<Reply> | Reply

/** A mail service before that of the stack, for what that one cannot do. A worker comes to it by its `env`. */
export type Relay = AsyncDisposable & { env: { RESEND_BASE_URL: string } }

export async function startRelay(stack: Stack, answer: Answer): Promise<Relay> {
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const forward = async (): Promise<Reply> => {
      const { method, headers } = request
      const {
        authorization,
        'content-type': type,
        'idempotency-key': key,
        'x-batch-validation': validation,
      } = headers
      const reply = await fetch(stack.resendUrl + request.url, {
        method,
        body,
        headers: {
          authorization: `${authorization}`,
          'content-type': `${type}`,
          'idempotency-key': `${key}`,
          'x-batch-validation': `${validation}`,
        },
      })
      return { status: reply.status, headers: Object.fromEntries(reply.headers), body: await reply.text() }
    }
    const key = String(request.headers['idempotency-key'])
    const reply = await Promise.resolve(answer(JSON.parse(body), forward, key)).catch(() => undefined)
    if (!reply) return request.socket.destroy()
    const { 'content-length': _, ...headers } = reply.headers ?? {}
    response.writeHead(reply.status, { 'content-type': 'application/json', ...headers }).end(reply.body)
  })
  // On a busy computer, a shorter one ends while a request is on its way.
  server.keepAliveTimeout = 60_000
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    env: { RESEND_BASE_URL: `http://127.0.0.1:${port}` },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** An error as Resend words it. */
export function refuse(
  status: number,
  name: string,
  headers?: Record<string, string>,
  message = 'No.',
): Reply {
  return { status, headers, body: JSON.stringify({ statusCode: status, name, message }) }
}
