import { AS_IN_PRODUCTION } from '../../as-in-production'
import type { Image } from './image'
import { findAccount, findFakeTime } from './parts'
import { type Program, runProgram, startProgram } from './program'

export type Settings = Record<string, string>

/** Runs `node prisma/migrate.js` of an image. */
export function migrate(image: Image, settings: Settings): Promise<string> {
  return runProgram(['node', 'prisma/migrate.js'], toOptions(image, settings))
}

/** Starts the web server of an image, and waits until traffic may come. */
export function startWeb(image: Image, port: number, settings: Settings): Promise<Program> {
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/api/health`).then(
      ({ ok }) => ok,
      () => false,
    )
  return startProgram(image.command, { ...toOptions(image, { ...settings, PORT: `${port}` }), isReady })
}

/** Starts a worker of an image. */
export function startWorker(image: Image, settings: Settings): Promise<Program> {
  const isReady = (output: string): boolean => /Ready for jobs/.test(output)
  return startProgram(['node', 'worker/index.js'], { ...toOptions(image, settings), isReady })
}

export type Health = { workers: number; stranded: number; repaired: number }

/** Reads health as the operator. @throws while traffic may not come */
export async function readHealth(url: string): Promise<Health> {
  const headers = { authorization: `Bearer ${AS_IN_PRODUCTION.OPERATOR_TOKEN}` }
  const answer = await fetch(`${url}/api/health`, { headers })
  if (!answer.ok) throw new Error(`/api/health: ${answer.status}`)
  return await answer.json()
}

/** Settings for a process whose clock is wrong by some minutes. */
export function withClock(minutes: number): Settings {
  return {
    LD_PRELOAD: findFakeTime() ?? '',
    FAKETIME: `${minutes > 0 ? '+' : ''}${minutes}m`,
    // Timers go on as they are.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
}

// Exactly what the image sets and what an operator would, and nothing of this shell.
function toOptions(image: Image, settings: Settings) {
  return { cwd: image.folder, env: { ...image.env, ...settings }, user: findAccount() }
}
