import { readFile, writeFile } from 'node:fs/promises'
import { expect } from '@playwright/test'
import { waitFor } from '../stack'
import { test } from '../test'
import { tryInterleavings } from './interleavings'
import { countEmails, countSends, signUpMany, untilHurried } from './steps'
import { withClock } from './world'

test('random interleavings: whatever is killed, frozen, locked, cut or erased when, every promise holds', async ({
  stack,
}) => {
  test.setTimeout(300_000)
  const seed = Math.floor(Math.random() * 1_000_000)
  const goesOn = (runs: number): boolean => runs < 3
  const { faults } = await tryInterleavings(stack, {
    ...{ seed, goesOn, maxCommands: 20, maxLockMs: 1_000, shrinkMs: 60_000 },
  })
  expect(faults, 'repeat it with npm run soak -- --interleavings --runs 1 --seed …').toEqual([])
})

test('the clock of a worker is set back by hours while both its retries are in hand: it tries again all the same', {
  tag: '@long',
}, async ({ stack }) => {
  const clock = `${test.info().outputPath()}-clock`
  await writeFile(clock, '0')
  const worker = await stack.startWorker({ ...withClock(clock), RETRY_MAX_SECONDS: '0.5' })
  // Two batches in doubt: the mail service has heard of each, and does not answer.
  await stack.setProvider({ mode: 'hang' })
  for (let batches = 0; batches < 2; batches++) {
    const [id = ''] = await signUpMany(stack, 1)
    await untilHurried(stack, async () => (await countSends(stack, id)).calls > 0)
  }
  await stack.setProvider({ mode: 'hang' })
  await untilHurried(stack, async () => {
    const inHand = await stack.query(`SELECT FROM pgboss.job WHERE name = 'retry-batch' AND state = 'active'`)
    return inHand.length === 2
  })
  await writeFile(clock, `${-5 * 3_600_000}`)
  await waitFor(async () => (await readFile(`${clock}.seen`, 'utf8').catch(() => '')).startsWith('-'))

  await stack.setProvider({ mode: 'ok' })
  await untilHurried(stack, async () => (await countEmails(stack, 'delivered')) === 2)
  expect(await worker.kill('SIGTERM')).toBe(0)
})
