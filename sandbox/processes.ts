import { type ChildProcess, spawnSync } from 'node:child_process'

export interface Service {
  ended: Promise<string>
  stop(): Promise<void>
}

/** Resolves with `exit 1`, `SIGKILL` … when a process has ended. */
export function untilEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? `exit ${code}`)))
}

/** Signals the group of a process. Windows has no signals, so there it ends the processes. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true })
    return
  }
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has ended.
  }
}

/** Whether a process with this id runs, under any account. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
