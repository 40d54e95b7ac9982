/*
 * No process depends on who reads its output. A reader may end (`… | head`, a log shipper that restarts) or stand still,
 * and a disk may be full. By default, Node throws an exception for the first, which ends a process or lets Next's handler
 * of exceptions spin; and for the second it keeps every line in memory, without a limit.
 *
 * A program that imports this file, as lib/log.ts does, drops what nobody takes: for everything in the process that
 * prints, writing neither fails nor waits. Each later line tries again, because a named pipe may have a new reader.
 * (Node writes to a terminal, and on Windows to a pipe, at once. Only these can make a process wait.)
 */

/** How much is kept for a reader that is slow, for each of the two streams, in bytes. */
const MAX_UNREAD_BYTES = 1024 * 1024

type Chunk = string | Uint8Array
type Done = (error?: Error | null) => void

// On globalThis, because Next evaluates modules more than once in a process.
const shared = globalThis as { onLostOutput?: (lines: number) => void }
if (!shared.onLostOutput) {
  shared.onLostOutput = () => {}
  for (const stream of [process.stdout, process.stderr]) guard(stream)
}

/** Calls back when there is a reader again after lines were dropped, with their number. */
export function onLostOutput(callback: (lines: number) => void): void {
  shared.onLostOutput = callback
}

function guard(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (chunk: Chunk, encoding?: BufferEncoding, done?: Done) => boolean
  let lost = 0

  const settle = (error?: Error | null): void => {
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
      // As if it were written, so that a caller does not wait for the reader either.
      if (done) process.nextTick(done)
      return true
    }
    return write(chunk, typeof encoding === 'string' ? encoding : undefined, (error) => {
      settle(error)
      done?.()
    })
  }
}
