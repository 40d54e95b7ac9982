import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'

/** The given TCP port, or the next free one. 0: any free port, which no outgoing connection takes while a server restarts. */
export async function findPort(wanted: number): Promise<number> {
  // Systems take the ports of outgoing connections from 32,768 (Linux) or 49,152 (macOS, Windows) on.
  for (let port = wanted || randomInt(20_000, 30_000); port < 65_536; port++) {
    if (await isFree(port)) return port
  }
  throw new Error(`There is no free port from ${wanted} on.`)
}

/** Finds a port like `findPort`, and keeps it busy until `release` is called. */
export async function reservePort(wanted: number): Promise<{ port: number; release(): Promise<void> }> {
  const port = await findPort(wanted)
  const placeholder = await listen(port, '127.0.0.1')
  return { port, release: () => close(placeholder) }
}

const isWindows = process.platform === 'win32'

// On macOS and Windows, one program can listen on all addresses of a port and another on its 127.0.0.1. So this tries both. On
// Windows, to listen on all addresses opens a dialog of the firewall, so this connects instead.
async function isFree(port: number): Promise<boolean> {
  if (isWindows && (await answers(port))) return false
  for (const host of isWindows ? ['127.0.0.1', '::1'] : ['127.0.0.1', '::1', undefined]) {
    try {
      await close(await listen(port, host))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Windows reserves ranges of ports, and denies them.
      if (code === 'EADDRINUSE' || (code === 'EACCES' && port >= 1_024)) return false
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error
    }
  }
  return true
}

async function listen(port: number, host?: string): Promise<Server> {
  const server = createServer().listen({ port, host })
  await once(server, 'listening')
  return server
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(200) })
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function close(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
