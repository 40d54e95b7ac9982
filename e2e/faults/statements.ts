import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to Postgres that counts what comes by. */
export type Gate = { databaseUrl: string; count(): number; close(): void }

/** Opens a way to a database on which every statement is counted. */
export async function countStatements(databaseUrl: string): Promise<Gate> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let statements = 0
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname)
    client.on(
      'data',
      createCounter(() => statements++),
    )
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gate = new URL(databaseUrl)
  gate.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    databaseUrl: gate.href,
    count: () => statements,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

// A message is a letter and its length; only the very first one has no letter. Q and E run a statement.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
function createCounter(onStatement: () => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  let head = 0
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= head + 4) {
      const size = head + rest.readInt32BE(head)
      if (rest.length < size) return
      if (head === 1 && 'QE'.includes(String.fromCharCode(rest[0] ?? 0))) onStatement()
      rest = rest.subarray(size)
      head = 1
    }
  }
}
