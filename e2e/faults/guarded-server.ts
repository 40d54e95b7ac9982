/*
 * A server behind the app's door, in a process of its own. `/idle` answers after 100 ms, with the number of requests that ran
 * at the same time. `/quick` answers at once, with the number of such requests in this pass of the event loop. `/stream` and
 * `/large` do not end, and `/open` counts them. `/large` begins with more than fits into the buffers of a connection.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { guardServers } from '@/lib/protection/door'

const IDLE_MS = 100
const LARGE = 50_000_000

let running = 0
let open = 0
let inTurn = 0

guardServers()
const server = createServer(async (request, response) => {
  if (request.url === '/open') return response.end(String(open))
  if (request.url === '/quick') {
    if (inTurn++ === 0) setImmediate(() => (inTurn = 0))
    return response.end(String(inTurn))
  }
  if (request.url === '/stream' || request.url === '/large') {
    open++
    response.on('close', () => open--).write(request.url === '/large' ? Buffer.alloc(LARGE) : 'x')
    return
  }
  running++
  await sleep(IDLE_MS)
  response.end(String(running))
  running--
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
