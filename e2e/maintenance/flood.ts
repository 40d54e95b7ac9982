/*
 * The attacker of `npm run test:doors`. It is a process of its own, so that its work does not delay the signups that are
 * measured, and its priority is the lowest, because it would have its own computer.
 */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { constants, setPriority } from 'node:os'

export type Flood = {
  port: number
  attack: keyof typeof ATTACKS
  from: 'one visitor' | 'a /48'
  /** A new one is a new visitor, and a new /48. */
  stranger: number
  times: number
  owner: { id: string; email: string }
}

/** How often each status came. */
export type Statuses = Record<number, number>

const AT_ONCE = 20
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
const NONE = '/api/emails/00000000-0000-4000-8000-000000000000'
const JSON_BODY = { 'content-type': 'application/json' }

const ATTACKS = {
  upgrade: async ({ port }: Flood, from: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(
      `GET /none HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Forwarded-For: ${from}\r\n\r\n`,
    )
    const [answer] = await once(socket, 'data')
    socket.destroy()
    return Number(String(answer).split(' ')[1])
  },
  '/_next/image': ask(({ owner }) => {
    const stream = encodeURIComponent(`/api/emails/${owner.id}/events`)
    return ['GET', `/_next/image?url=${stream}&w=64&q=75`]
  }),
  '/_next/x': ask(() => ['GET', '/_next/x']),
  page: ask(() => ['GET', '/']),
  'made-up cookie': ask(({ owner, port }) => {
    const cookie = `session=${'a'.repeat(43)}.${'b'.repeat(43)}`
    return ['POST', `/api/tickets/${owner.id}/erasure`, { cookie, origin: `http://localhost:${port}` }]
  }),
  'unknown email': ask(() => ['GET', NONE]),
  'POST, 404': ask(() => ['POST', '/api/none']),
  'taken address': ask(({ owner }) => [
    'POST',
    '/api/users',
    JSON_BODY,
    JSON.stringify({ name: 'Eve', email: owner.email }),
  ]),
}
export const NAMES = Object.keys(ATTACKS) as Flood['attack'][]

type Ask = [method: string, path: string, headers?: Record<string, string>, body?: string]

function ask(toAsk: (flood: Flood) => Ask): (flood: Flood, from: string) => Promise<number> {
  return async (flood, from) => {
    const [method, path, headers, body] = toAsk(flood)
    const options = { port: flood.port, method, path, agent }
    const asking = request({ ...options, headers: { 'x-forwarded-for': from, ...headers } })
    const [response] = await once(asking.end(body), 'response')
    if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy()
    else await once(response.resume(), 'end')
    return response.statusCode
  }
}

async function flood(task: Flood): Promise<Statuses> {
  const { attack, from, stranger, times } = task
  const statuses: Statuses = {}
  let done = 0
  const toAddress = (): string =>
    from === 'one visitor' ? `10.1.0.${stranger}` : `2001:db8:${stranger}:${(done & 0xffff).toString(16)}::1`
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (done++ < times) {
        const status = await ATTACKS[attack](task, toAddress())
        statuses[status] = (statuses[status] ?? 0) + 1
      }
    }),
  )
  return statuses
}

if (process.send) {
  setPriority(constants.priority.PRIORITY_LOW)
  process.on('message', async (task: Flood) => process.send?.(await flood(task)))
  process.on('disconnect', () => process.exit())
}
