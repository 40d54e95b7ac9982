// Drops output without a reader. When the reader of a pipe exits, Node throws, and Next's exception handler spins. When the
// reader hangs, Node buffers without a limit. Writes to a terminal, and to a pipe on Windows, still block.

const MAX_UNREAD_BYTES = 1024 * 1024

type Chunk = string | Uint8Array
type Done = (error?: Error | null) => void

// On globalThis, because Next evaluates this module more than once in a process.
const shared = globalThis as { onLostOutput?: (lines: number) => void }
if (!shared.onLostOutput) {
  shared.onLostOutput = () => {}
  for (const stream of [process.stdout, process.stderr]) guard(stream)
}

/** Calls back with the number of dropped lines, as soon as output is read again. */
export function onLostOutput(callback: (lines: number) => void): void {
  shared.onLostOutput = callback
}

function guard(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: Chunk, encoding?: BufferEncoding, done?: Done) => boolean
  let lost = 0

  const countLost = (error?: Error | null): void => {
    if (error) lost++
    else if (lost > 0 && stream.writableLength === 0) {
      const lines = lost
      lost = 0
      shared.onLostOutput?.(lines)
    }
  }

  stream.on('error', () => {})
  stream.write = (chunk: Chunk, encoding?: BufferEncoding | Done, callback?: Done) => {
    const done = typeof encoding === 'function' ? encoding : callback
    if (stream.writableLength > MAX_UNREAD_BYTES) {
      lost++
      if (done) process.nextTick(done)
      return true
    }
    return write(chunk, typeof encoding === 'string' ? encoding : undefined, (error) => {
      countLost(error)
      done?.()
    })
  }
}
