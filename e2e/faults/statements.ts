import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy in front of Postgres that counts statements. */
export type Gate = {
  databaseUrl: string
  count(): number
  /** The parameters that each connection has requested at its start. */
  startups(): Record<string, string>[]
  close(): void
}

/** Opens a proxy in front of a database that counts every statement. */
export async function countStatements(databaseUrl: string): Promise<Gate> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  const startups: Record<string, string>[] = []
  let statements = 0
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname)
    client.on(
      'data',
      createCounter(
        () => statements++,
        (packet) => startups.push(readStartup(packet)),
      ),
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
    startups: () => startups,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

// A message is a letter and its length; only the very first one has no letter. Q and E run a statement.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
function createCounter(
  onStatement: () => void,
  onStartup: (packet: Buffer) => void,
): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0)
  let head = 0
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= head + 4) {
      const size = head + rest.readInt32BE(head)
      if (rest.length < size) return
      if (head === 0) onStartup(rest.subarray(0, size))
      if (head === 1 && 'QE'.includes(String.fromCharCode(rest[0] ?? 0))) onStatement()
      rest = rest.subarray(size)
      head = 1
    }
  }
}

/** After its length and the version come names and values, each ended by a zero. */
function readStartup(packet: Buffer): Record<string, string> {
  const words = packet.toString('utf8', 8).split('\0')
  const pairs: [string, string][] = []
  for (let i = 0; words[i]; i += 2) pairs.push([words[i] as string, words[i + 1] ?? ''])
  return Object.fromEntries(pairs)
}
