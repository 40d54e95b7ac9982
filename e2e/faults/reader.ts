import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'

/** A named pipe and a process that reads it, as a log shipper would. */
export type Reader = AsyncDisposable & {
  /** For the standard output of a process. */
  fd: number
  /** All that was read so far. */
  text(): string
  /** The reading process ends: there is no reader any more. */
  leave(): Promise<void>
  /** The reading process stands still, and the pipe is filled up. */
  stall(): void
  /** Reads again, by a new process if the old one has left. */
  goOn(): void
}

/** Starts a reader. @param folder of the test, where the pipe is made */
export async function startReader(folder: string): Promise<Reader> {
  await mkdir(folder, { recursive: true })
  const pipe = path.join(folder, 'pipe')
  rmSync(pipe, { force: true })
  execFileSync('mkfifo', [pipe])
  let text = ''
  let cat: ChildProcess
  const start = (): void => {
    const child = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.on('data', (chunk) => (text += chunk))
    cat = child
  }
  const leave = async (): Promise<void> => {
    const ended = once(cat, 'exit')
    // SIGKILL ends a stopped process, too.
    cat.kill('SIGKILL')
    await ended
  }
  start()
  // It waits for the reader.
  const fd = openSync(pipe, 'w')
  return {
    fd,
    text: () => text,
    leave,
    stall() {
      cat.kill('SIGSTOP')
      fill(pipe)
    },
    goOn() {
      if (cat.signalCode) start()
      else cat.kill('SIGCONT')
    },
    async [Symbol.asyncDispose]() {
      if (!cat.signalCode) await leave()
      closeSync(fd)
    },
  }
}

function fill(pipe: string): void {
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
  const line = Buffer.from('filler\n')
  try {
    for (;;) writeSync(fd, line)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
  } finally {
    closeSync(fd)
  }
}
