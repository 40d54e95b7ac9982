import { test as base } from '@playwright/test'
import { type Stack, startStack } from '../stack'

/** A test with an installation that it may hurt. */
export const test = base.extend<{ stack: Stack }, { ownStack: Stack }>({
  ownStack: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern
    async ({}, use, { parallelIndex }) => {
      const stack = await startStack(`stack-${parallelIndex}`)
      await use(stack)
      await stack.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  stack: async ({ ownStack }, use) => {
    await use(ownStack)
    await ownStack.reset()
  },
})
