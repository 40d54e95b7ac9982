import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LoopbackServer {
  url: string
  stop(): void
}

interface Options {
  /** 0: any free one. */
  port?: number
  /** People open it in a browser: requests from its own pages and from the address bar are served. */
  hasPages?: boolean
}

/**
 * Starts an HTTP server for programs on this computer. The stand-in for Resend, the receiver of traces and
 * the preview of the mails listen here.
 *
 * Any website that is open in a browser on this computer can send requests to its ports. With a DNS name that resolves to
 * 127.0.0.1 it can read the answers, too (DNS rebinding). So a request with an Origin, a Sec-Fetch-Site or another Host
 * gets a 403. Programs such as curl and the app send neither.
 */
export async function startLoopbackServer(
  answer: RequestListener,
  { port = 0, hasPages = false }: Options = {},
): Promise<LoopbackServer> {
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    if (isForeign(request, port, hasPages)) response.writeHead(403, { connection: 'close' }).end()
    else answer(request, response)
  })
  // By default 5 s, and a client closes after 4. On a busy computer, the server closed while a request was on its way.
  server.keepAliveTimeout = 60_000
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function isForeign({ headers }: IncomingMessage, port: number, hasPages: boolean): boolean {
  const sites = hasPages ? [undefined, 'none', 'same-origin'] : [undefined]
  return (
    ![`127.0.0.1:${port}`, `localhost:${port}`].includes(headers.host ?? '') ||
    headers.origin !== undefined ||
    !sites.includes(headers['sec-fetch-site'] as string | undefined)
  )
}
