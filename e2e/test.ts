import { test as base } from '@playwright/test'
import { watchStatuses } from './faults/oracle'
import { type Stack, startStack } from './stack'

/** A test with an installation that it may hurt. It is empty at the start of each test. */
export const test = base.extend<{ stack: Stack }, { ownStack: Stack }>({
  ownStack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern
    async ({}, use, { parallelIndex }) => {
      const stack = await startStack(nameStack(parallelIndex))
      await watchStatuses(stack)
      await use(stack)
      await stack.stop()
    },
    { scope: 'worker', timeout: 400_000 },
  ],
  stack: async ({ ownStack }, use, { parallelIndex, annotations }) => {
    annotations.push({ type: 'world', description: nameStack(parallelIndex) })
    await use(ownStack)
    await ownStack.reset()
  },
})

const nameStack = (index: number): string => `stack-${index}`
