import { setTimeout as sleep } from 'node:timers/promises'
import { signUpStubbornly } from '../faults/steps'

const PEOPLE = 6
const PAUSE_MS = 200

type Answer = {
  /** Of the email. */
  id: string
  /** When the 201 came, by `performance.now()`. */
  at: number
}

export type Crowd = {
  /** In the order in which they came. */
  answered(): Answer[]
  /** How many requests were made again with the same key. */
  retries(): number
  /** Answers that are neither 201 nor 503. */
  failures(): string[]
  /** Waits until all who ask have their answer. */
  stop(): Promise<Answer[]>
}

/** People sign up one after another until `stop` is called. Each asks with the same key until there is a 201. */
export function startCrowd(url: string): Crowd {
  const answered: Answer[] = []
  const failures: string[] = []
  let retries = 0
  let isOpen = true
  const people = Array.from({ length: PEOPLE }, async () => {
    while (isOpen) {
      try {
        const { id, asked } = await signUpStubbornly(() => url)
        answered.push({ id, at: performance.now() })
        retries += asked - 1
      } catch (error) {
        failures.push(`a signup was answered with ${(error as Error).message}`)
      }
      await sleep(PAUSE_MS)
    }
  })
  return {
    answered: () => answered,
    retries: () => retries,
    failures: () => failures,
    async stop() {
      isOpen = false
      await Promise.all(people)
      return answered
    },
  }
}
