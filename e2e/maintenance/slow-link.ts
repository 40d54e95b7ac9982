import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * Opens a slow way to a port of this computer. `close` loses what is on the way.
 * @param ms how long an answer takes from there
 */
export async function startSlowLink(port: number, ms: number): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const link = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    for (const socket of [client, server]) sockets.add(socket.on('error', () => {}))
    client.on('data', (data) => server.write(data)).on('close', () => server.destroy())
    server.on('data', (data) => setTimeout(() => client.write(data), ms)).on('close', () => client.destroy())
  })
  await once(link.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (link.address() as AddressInfo).port,
    close() {
      link.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
