import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findPort } from '../../stack'

export type Redis = { url: string; stop(): Promise<void> }

export type OwnRedis = Redis & {
  /** Kills it without warning, and starts it again on what it had written to the disk. */
  crash(): Promise<void>
}

/** The one at REDIS_URL, or else one of our own when the program is installed. */
export async function openRedis(): Promise<Redis | undefined> {
  const { REDIS_URL } = process.env
  return REDIS_URL ? { url: REDIS_URL, async stop() {} } : await openOwnRedis()
}

/**
 * Starts a Redis with a folder of its own. Returns undefined when the program is not installed.
 * @param settings of redis.conf
 */
export async function openOwnRedis(settings: Record<string, string> = {}): Promise<OwnRedis | undefined> {
  const port = await findPort()
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-redis-'))
  const args = Object.entries({ port, bind: '127.0.0.1', dir: folder, ...settings }).flatMap(
    ([name, value]) => [`--${name}`, `${value}`],
  )
  let server = spawn('redis-server', args)
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode === null && server.kill(signal)) await once(server, 'close')
  }
  if (await untilReady(server))
    return {
      url: `redis://127.0.0.1:${port}`,
      async crash() {
        await end('SIGKILL')
        server = spawn('redis-server', args)
        await untilReady(server)
      },
      async stop() {
        await end('SIGTERM')
        await rm(folder, { recursive: true, force: true })
      },
    }
  await rm(folder, { recursive: true, force: true })
}

/** False when there is no such program, or it ends. */
async function untilReady(server: ChildProcess): Promise<boolean> {
  let output = ''
  const ready = new Promise<boolean>((resolve) => {
    server.stdout?.on('data', (chunk) => {
      output += chunk
      if (output.includes('Ready to accept')) resolve(true)
    })
  })
  const ended = once(server, 'close').then(
    () => false,
    () => false,
  )
  return await Promise.race([ready, ended])
}
