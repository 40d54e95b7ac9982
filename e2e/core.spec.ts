import { expect, test } from '@playwright/test'
import { runToEnd } from './stack'

test('without the stage and the orders, the core compiles, builds, and delivers a mail', {
  tag: '@long',
}, async () => {
  test.setTimeout(300_000)
  const { code, output } = await runToEnd(['--import', 'tsx', 'e2e/check-core.ts'], {})
  expect(code, output).toBe(0)
  expect(output).toContain('a signup is delivered: yes')
})
