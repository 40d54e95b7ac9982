import { once } from 'node:events'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { fingerprint } from './fingerprint'
import { toSocketPath } from './socket-path'

/**
 * Locks a sandbox folder for this runner. The lock is a socket. Unlike a file, it stops answering when its owner dies.
 * @param whereabouts returns this runner's address, for the error message of a second runner
 * @throws {Error} when another runner has it
 */
export async function lockSandbox(dir: string, whereabouts: () => string): Promise<Server> {
  const address = await toAddress(dir)
  try {
    return await listen(address, whereabouts)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
  }

  const holder = await findRunner(dir)
  if (holder !== undefined) {
    const where = holder ? `at ${holder}, ` : ''
    throw new Error(
      `Already running ${where}with its data in ${dir}. For a second demo, set SANDBOX_DIR to another folder.`,
    )
  }
  await rm(address, { force: true })
  return listen(address, whereabouts)
}

async function listen(address: string, whereabouts: () => string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).end(whereabouts()))
  await once(server.listen(address), 'listening')
  return server
}

/** Returns the address of the runner that has locked this folder. Empty until the runner has a port. */
export async function findRunner(dir: string): Promise<string | undefined> {
  return text(connect(await toAddress(dir))).catch(() => undefined)
}

async function toAddress(dir: string): Promise<string> {
  // Windows knows a folder by several names.
  return toSocketPath(`behind-the-scenes-${fingerprint(await realpath(dir))}`)
}
