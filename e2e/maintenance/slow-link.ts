import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a port of this computer on which everything takes so long, in ms, in both directions together. */
export async function startSlowLink(port: number, ms: number): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from.on('error', () => {}))
    from.on('data', (data) => setTimeout(() => to.write(data), ms / 2))
    from.on('close', () => setTimeout(() => to.destroy(), ms / 2))
  }
  const link = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    pass(client, server)
    pass(server, client)
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
