import { setTimeout as sleep } from 'node:timers/promises'
import { newAddress } from '../../../app'
import type { App } from './app'

/** A client's patience. */
const PATIENCE_MS = 10_000

/** Signs a user up once, and records the answer. */
export async function signUp({ place, answers }: App): Promise<void> {
  const email = newAddress()
  const answered = await fetch(`http://localhost:${place.port}/api/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': newVisitor() },
    body: JSON.stringify({ name: 'Ada', email }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).then(
    ({ status }) => status === 201,
    () => false,
  )
  answers.set(email, answered ? 'ok' : 'error')
}

/** Signs users up at a fixed interval, without waiting for earlier answers. */
export async function signUpMany(app: App, count: number, everyMs: number): Promise<void> {
  const signups: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    signups.push(signUp(app))
    await sleep(everyMs)
  }
  await Promise.all(signups)
}

let visitors = 0

/** Returns another address each time, because limits for one visitor are not measured here. */
function newVisitor(): string {
  visitors++
  return `10.${(visitors >> 16) & 255}.${(visitors >> 8) & 255}.${visitors & 255}`
}
