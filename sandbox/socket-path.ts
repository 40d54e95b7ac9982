import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Where a local socket listens: a file, and on Windows a named pipe
 * (https://nodejs.org/api/net.html#identifying-paths-for-ipc-connections).
 */
export function toSocketPath(name: string, platform: string = process.platform): string {
  return platform === 'win32' ? `\\\\.\\pipe\\${name}` : path.join(tmpdir(), `${name}.sock`)
}
