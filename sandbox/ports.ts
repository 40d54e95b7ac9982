import { once } from 'node:events'
import { createServer } from 'node:net'

/** The given TCP port or the next one that nobody listens on; 0 stands for any free port. */
export async function findPort(wanted: number): Promise<number> {
  if (wanted === 0) return listenBriefly(0, '127.0.0.1')
  for (let port = wanted; port < 65_536; port++) {
    if (await isFree(port)) return port
  }
  throw new Error(`There is no free port from ${wanted} on.`)
}

// macOS lets one program take every address of a port and another take 127.0.0.1 of it: ask for each.
async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '::1', undefined]) {
    try {
      await listenBriefly(port, host)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE') return false
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error
    }
  }
  return true
}

async function listenBriefly(port: number, host?: string): Promise<number> {
  const server = createServer().listen({ port, host })
  await once(server, 'listening')
  const { port: taken } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return taken
}
