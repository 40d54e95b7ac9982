import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, isBatch, readMails } from '../../../../sandbox/call'
import { type Reply, refuse } from '../../../../sandbox/faults'
import { createIntake } from '../../../../sandbox/intake'
import { findProblem } from '../../../../sandbox/mail'
import { createRateLimit } from '../../../../sandbox/rate-limit'

/** One contender's account at the mail service. A test may change the plain properties at any time. */
export type Provider = {
  url: string
  /** When each mail to an address was accepted, in ms since 1970. */
  accepted: Map<string, number[]>
  latencyMs: number
  /** Requests a second; 0: no limit. */
  rateLimit: number
  isDown: boolean
  /** Called before a request is let in, with the number of mails requested so far. True: the request never arrived. */
  beforeAcceptance: (mails: number) => boolean
  /** Called before the answer leaves, with the number of mails accepted so far. True: the answer is lost. */
  afterAcceptance: (mails: number) => boolean
  stop(): Promise<void>
}

const never = (): boolean => false

/** Starts a mail service that knows idempotency keys, batches and limits as Resend does (see sandbox/intake.ts). */
export async function startProvider(): Promise<Provider> {
  const takeTurn = createRateLimit()
  let asked = 0
  let accepted = 0
  const intake = createIntake({
    async forward(call) {
      const ids = (readMails(call) ?? []).map(() => ({ id: randomUUID() }))
      return { status: 200, body: JSON.stringify(isBatch(call) ? { data: ids } : ids[0]) }
    },
    onAccepted({ to }) {
      accepted++
      const address = String(to)
      provider.accepted.set(address, [...(provider.accepted.get(address) ?? []), Date.now()])
    },
  })

  async function send(call: Call): Promise<Reply | undefined> {
    const mails = readMails(call)
    asked += mails?.length ?? 0
    if (provider.beforeAcceptance(asked)) return
    if (provider.isDown) return refuse(503, 'service_unavailable', 'We are unavailable at the moment.')
    const { granted, headers } = takeTurn(call.account, provider.rateLimit)
    if (!granted) return refuse(429, 'rate_limit_exceeded', 'Too many requests.', headers)
    const { idempotencyKey: key } = call
    if (key && !intake.hold(key))
      return refuse(409, 'concurrent_idempotent_requests', 'This idempotency key is in use.')
    try {
      // Accepts each request that has arrived, even if its sender is dead by then.
      await sleep(provider.latencyMs)
      const reply = await intake.take({ call, mails }, findProblem)
      return provider.afterAcceptance(accepted) ? undefined : { ...reply, headers }
    } finally {
      if (key) intake.release(key)
    }
  }

  const server = createServer(async (request, response) => {
    const reply = await readCall(request).then(send, () => undefined)
    if (!reply) return request.socket.destroy()
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(reply.body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const provider: Provider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accepted: new Map(),
    latencyMs: 50,
    rateLimit: 0,
    isDown: false,
    beforeAcceptance: never,
    afterAcceptance: never,
    async stop() {
      server.close()
      server.closeAllConnections()
    },
  }
  return provider
}

async function readCall(request: IncomingMessage): Promise<Call> {
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    body: await text(request),
    account: request.headers.authorization ?? '',
    idempotencyKey: [request.headers['idempotency-key'] ?? []].flat()[0],
    permissive: request.headers['x-batch-validation'] === 'permissive',
  }
}
