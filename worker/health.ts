import { createServer, type IncomingMessage } from 'node:http'
import { notFound } from '@/lib/http/problem'
import { readHealthFor } from '@/lib/ops/health'
import { guardServers } from '@/lib/protection/door'
import { openRoute } from '@/lib/protection/route'

type Routes = Record<
  string,
  Record<string, (request: Request, context: unknown) => Response | Promise<Response>>
>

/** The health routes of the web server, for platforms that check each process. */
const ROUTES: Routes = {
  '/api/health/live': openRoute({ GET: () => Response.json({ process: 'up' }) }),
  '/api/health': openRoute({ GET: async ({ headers }) => Response.json(await readHealthFor(headers)) }),
}

/** Serves the health routes on this port. */
export function listenForHealth(port: number): void {
  guardServers()
  const server = createServer(async (incoming, outgoing) => {
    const response = await answer(incoming)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(await response.text())
  })
  server.listen(port)
}

async function answer({ url = '', method = '', headers }: IncomingMessage): Promise<Response> {
  const [path = ''] = url.split('?')
  const handler = ROUTES[path]?.[method]
  if (!handler) return notFound().toResponse()
  const pairs = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)])
  return await handler(new Request(`http://worker${path}`, { method, headers: pairs }), undefined)
}
