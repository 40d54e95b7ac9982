/*
 * npm run dashboard
 *
 * Shows the queues and jobs of the `dev` or `demo` that runs, or of DATABASE_URL. It has no login, so it changes nothing
 * and serves this computer alone.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { findDatabase } from '../lib/db/find-database'
import { readArguments } from '../lib/ops/arguments'
import { startLoopbackServer } from './loopback-server'
import { findPort } from './ports'

readArguments('npm run dashboard', {})
// Before `findDatabase`, because PORT in `.env` is the web server's.
const port = await findPort(Number(process.env.PORT || 3040))
const databases = [{ url: findDatabase() }]
Object.assign(process.env, { NODE_ENV: 'production', PGBOSS_DASHBOARD_READ_ONLY: '1' })
const { createDashboardHandler } = await import('@pg-boss/dashboard/handler')
const dashboard = createDashboardHandler({ databases, auth: true })

async function answer({ url, method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const given = headers as Record<string, string>
  const page = await dashboard(new Request(`http://${headers.host}${url}`, { method, headers: given }))
  response.writeHead(page.status, Object.fromEntries(page.headers))
  if (page.body) Readable.fromWeb(page.body as never).pipe(response)
  else response.end()
}
await startLoopbackServer(answer, { port, hasPages: true })
console.log(`The queues: http://127.0.0.1:${port}`)
