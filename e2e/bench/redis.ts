import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findPort } from '../stack'

export type Redis = { url: string; stop(): Promise<void> }

/** The one at REDIS_URL, or else one of our own when the program is installed. */
export async function openRedis(): Promise<Redis | undefined> {
  const { REDIS_URL } = process.env
  if (REDIS_URL) return { url: REDIS_URL, async stop() {} }
  const port = await findPort()
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-redis-'))
  const settings = { port, bind: '127.0.0.1', dir: folder }
  const server = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]),
  )
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.kill('SIGTERM')) await once(server, 'close')
    await rm(folder, { recursive: true, force: true })
  }
  const isReady = await untilReady(server)
  if (isReady) return { url: `redis://127.0.0.1:${port}`, stop }
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
