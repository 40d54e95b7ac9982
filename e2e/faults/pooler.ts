import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** The error that PgBouncer adds to Postgres's own at the end of a connection. */
const WORDS = Buffer.from('SFATAL\0C08P01\0Mserver conn crashed?\0\0')
const LAST_WORD = Buffer.concat([Buffer.from(['E'.charCodeAt(0), 0, 0, 0, WORDS.length + 4]), WORDS])

/** A pooler in front of Postgres, with a server connection for each client. A worker connects to it by its `env`. */
export type Pooler = AsyncDisposable & {
  env: { DATABASE_URL: string }
  /** How many of its connections Postgres has ended. */
  lastWords(): number
}

export async function startPooler(databaseUrl: string): Promise<Pooler> {
  const { hostname, port } = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let lastWords = 0
  const pooler = createServer((client) => {
    const server = connect(Number(port), hostname)
    for (const socket of [client, server]) sockets.add(socket.on('error', () => {}))
    client.on('data', (data) => server.write(data)).on('close', () => server.destroy())
    server.on('close', () => client.end())
    server.on('data', (data) => {
      client.write(data)
      if (!data.includes('SFATAL')) return
      client.write(LAST_WORD)
      lastWords += 1
    })
  })
  await once(pooler.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${(pooler.address() as AddressInfo).port}`
  return {
    env: { DATABASE_URL: url.href },
    lastWords: () => lastWords,
    async [Symbol.asyncDispose]() {
      pooler.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
