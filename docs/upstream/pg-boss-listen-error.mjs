// See pg-boss-listen-error.md. Anywhere else: npm install pg-boss
// DATABASE_URL=postgresql://… node pg-boss-listen-error.mjs
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'

// PgBouncer adds this ErrorResponse when Postgres ends a connection.
const words = Buffer.from('SFATAL\0C08P01\0Mserver conn crashed?\0\0')
const lastWord = Buffer.from([0x45, 0, 0, 0, words.length + 4, ...words])

const url = new URL(process.env.DATABASE_URL)
const { hostname, port } = url
const sockets = new Set()
const relay = createServer((client) => {
  const server = connect(Number(port || 5432), hostname)
  for (const socket of [client, server]) sockets.add(socket.on('error', () => {}))
  client.on('data', (data) => server.write(data)).on('close', () => server.destroy())
  server.on('data', (data) => client.write(data.includes('SFATAL') ? Buffer.concat([data, lastWord]) : data))
  server.on('close', () => client.end())
})
await once(relay.listen(0, '127.0.0.1'), 'listening')
url.host = `127.0.0.1:${relay.address().port}`

const schema = 'pgboss_reproduction'
const boss = new PgBoss({ connectionString: url.href, schema, max: 2, useListenNotify: true })
boss.on('error', ({ message }) => console.log(`  heard by boss.on('error'): ${message}`))
const uncaught = once(process, 'uncaughtException').then(([{ message }]) => message)
await boss.start()

const findListener = async () => {
  const sql = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`
  return (await boss.getDb().executeSql(sql)).rows[0]?.pid
}
const first = await findListener()
await boss.getDb().executeSql('SELECT pg_terminate_backend($1)', [first])
const listensAgain = async () => {
  for (let pid = first; !pid || pid === first; pid = await findListener()) await sleep(50)
}
const message = await Promise.race([uncaught, listensAgain()])
console.log(`Uncaught, which ends a process: ${message}. Expected: undefined.`)

await boss.getDb().executeSql(`DROP SCHEMA ${schema} CASCADE`)
const isAsDescribed = message === 'server conn crashed?'
console.log(isAsDescribed ? 'As described.' : 'NOT as described: see the page.')
process.exit(isAsDescribed ? 0 : 1)
