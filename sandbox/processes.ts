import { type ChildProcess, spawnSync } from 'node:child_process'

export interface Service {
  /** Resolves when it has ended, and tells how. */
  ended: Promise<string>
  stop(): Promise<void>
}

/** Resolves when a process has ended and tells how: `exit 1`, `SIGKILL`. */
export function untilEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`)))
}

/** Signals a process that leads a group, and all of its group. Windows knows no signals: there it ends them. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'])
    return
  }
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody left to signal.
  }
}

/** True while there is a process with this id, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
