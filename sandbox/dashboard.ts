/*
 * npm run dashboard
 *
 * Shows the queues and jobs of the `dev` or `demo` that runs, or of DATABASE_URL. It has no login, so it changes nothing
 * and serves this computer alone.
 */

import { findDatabase } from '../lib/db/find-database'
import { readArguments } from '../lib/ops/arguments'
import { findPort } from './ports'

readArguments('npm run dashboard', {})
// Before the next line, because PORT in `.env` is the web server's.
const wanted = Number(process.env.PORT || 3040)
const DATABASE_URL = findDatabase()
const PORT = `${await findPort(wanted)}`
Object.assign(process.env, { DATABASE_URL, HOST: '127.0.0.1', PORT, NODE_ENV: 'production' })
process.env.PGBOSS_DASHBOARD_READ_ONLY = '1'
// @ts-expect-error The package has types for its handler alone.
await import('@pg-boss/dashboard/build/server.js')
console.log(`The queues: http://127.0.0.1:${PORT}`)
