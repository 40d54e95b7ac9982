import { expect } from '@playwright/test'
import { isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { query, waitFor } from '../stack'
import { test } from './test'

test('a worker is killed before Resend has the mail: another one sends it', async ({ stack }) => {
  await stack.setProvider({ mode: 'hang' })
  const first = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  const key = `welcome/${id}`
  await waitFor(async () => (await stack.setProvider({})).emails[key]?.calls === 1)
  await first.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })

  await stack.startWorker()
  const snapshot = await waitForSnapshot(id, isDelivered, stack.appUrl)
  expect(snapshot.attempts).toBe(2)
  expect((await stack.setProvider({})).emails[key]).toEqual({ calls: 2, accepted: 1 })
})

test('a worker is killed after Resend has the mail: no second one is sent', async ({ stack }) => {
  await stack.setProvider({ latencyMs: 2_000 })
  const first = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  const key = `welcome/${id}`
  await waitFor(async () => (await stack.setProvider({})).emails[key]?.calls === 1)
  await first.kill('SIGKILL')

  await stack.startWorker()
  await waitForSnapshot(id, isDelivered, stack.appUrl)
  // The job has outlived its worker. Whoever takes it now must see that there is nothing left to do.
  await waitFor(async () => {
    const jobs = await query<{ state: string }>(
      stack.databaseUrl,
      `SELECT state FROM pgboss.job WHERE name = 'send-email' AND data->>'emailId' = $1`,
      [id],
    )
    return jobs[0]?.state === 'completed'
  })
  expect((await stack.setProvider({})).emails[key]?.accepted).toBe(1)
})

test('SIGTERM: the worker finishes what is in hand, takes no more, and exits with 0', async ({ stack }) => {
  await stack.setProvider({ latencyMs: 1_000 })
  const worker = await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await waitForSnapshot(id, (snapshot) => snapshot.status === 'sending', stack.appUrl)
  const exit = worker.kill('SIGTERM')
  await waitFor(() => worker.output().includes('SIGTERM'))
  const { id: later } = await signUp(newAddress(), stack.appUrl)
  expect(await exit).toBe(0)

  await waitForSnapshot(id, isDelivered, stack.appUrl)
  const response = await fetch(`${stack.appUrl}/api/emails/${later}`)
  expect((await response.json()).status).toBe('queued')

  await stack.startWorker()
  await waitForSnapshot(later, isDelivered, stack.appUrl)
})

test('many workers side by side send each mail once', async ({ stack }) => {
  await Promise.all([stack.startWorker(), stack.startWorker(), stack.startWorker()])
  const emails = await Promise.all(Array.from({ length: 60 }, () => signUp(newAddress(), stack.appUrl)))
  await Promise.all(emails.map(({ id }) => waitForSnapshot(id, isDelivered, stack.appUrl)))
  const counts = await stack.setProvider({})
  for (const { id } of emails) expect(counts.emails[`welcome/${id}`]).toEqual({ calls: 1, accepted: 1 })
})

test('a crowd of signups without a worker is sent as soon as one starts', async ({ stack }) => {
  const emails = await Promise.all(Array.from({ length: 200 }, () => signUp(newAddress(), stack.appUrl)))
  await stack.startWorker()
  await Promise.all(emails.map(({ id }) => waitForSnapshot(id, isDelivered, stack.appUrl)))
})
