import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { createEmulator } from 'emulate'
import type { Call } from './call'
import type { Reply } from './faults'

export interface Emulator {
  ask(call: Call): Promise<Reply>
  stop(): Promise<void>
}

// It counts requests for each API key and refuses more than 4,999 in an hour.
const REQUESTS_PER_KEY = 4000

/**
 * Starts the `emulate` package's Resend. It answers everybody, with `Access-Control-Allow-Origin: *`. So it gets no TCP port,
 * which every web page could reach, but a socket in a folder of this user's own.
 */
export async function startEmulator(): Promise<Emulator> {
  const isWindows = process.platform === 'win32'
  const folder = isWindows ? undefined : await mkdtemp(path.join(tmpdir(), 'emulate-'))
  const socketPath = folder ? path.join(folder, 'socket') : `\\\\.\\pipe\\emulate-${randomUUID()}`
  // Its type wants a number. It hands the value to Node's `listen`, which takes a path as well.
  const port = socketPath as unknown as number
  const emulator = await createEmulator({ service: 'resend', port, baseUrl: 'http://localhost' })
  let asked = 0

  function ask({ method, path, body }: Call): Promise<Reply> {
    const headers = {
      authorization: `Bearer re_${Math.floor(asked++ / REQUESTS_PER_KEY)}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    return new Promise((resolve, reject) => {
      // A new connection each time: the emulator closes idle ones after 5 s, also while a request is on its way.
      request({ socketPath, agent: false, method, path, headers }, (response) => {
        const { statusCode: status = 502, headers } = response
        const contentType = headers['content-type'] ?? 'application/json'
        const toReply = (body: string): Reply => ({ status, headers: { 'content-type': contentType }, body })
        text(response).then(toReply).then(resolve, reject)
      })
        .on('error', reject)
        .end(body)
    })
  }

  async function stop(): Promise<void> {
    await emulator.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  }
  return { ask, stop }
}
