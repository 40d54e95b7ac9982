import { expect } from '@playwright/test'
import { newAddress, readEvents, signUp } from '../app'
import { findFaults, untilSettled } from './oracle'
import { signUpStubbornly, until } from './steps'
import { test } from './test'

for (const [word, signal] of [
  ['fast', 'SIGINT'],
  ['immediate', 'SIGQUIT'],
] as const) {
  test(`Postgres is stopped (${word}) under load: web and worker go on without a restart`, async ({
    stack,
  }) => {
    const worker = await stack.startWorker()
    let loading = true
    const lane = async (): Promise<{ id: string; asked: number }[]> => {
      const signups = []
      while (loading) signups.push(await signUpStubbornly(stack.appUrl))
      return signups
    }
    const load = Promise.all(Array.from({ length: 4 }, lane))
    for (let stop = 0; stop < 2; stop++) {
      // There is traffic before and after each stop.
      const { id } = await signUpStubbornly(stack.appUrl)
      await until(stack, id, ({ status }) => status !== 'queued')
      await stack.killPostgres(signal)
      await stack.untilPostgresIsBack()
      await signUpStubbornly(stack.appUrl)
    }
    loading = false
    await load
    const extra = (await stack.query<{ id: string }>('SELECT id FROM "Email"')).map(({ id }) => id)
    const answered = (await load).flat()
    expect(answered.some(({ asked }) => asked > 1)).toBe(true)
    for (const { id } of answered) expect(extra).toContain(id)
    await untilSettled(stack)
    expect(await findFaults(stack, extra)).toEqual([])
    expect(worker.output()).toContain('Ready for jobs.')
    expect(await worker.kill('SIGTERM')).toBe(0)
  })
}

test('Postgres is away: 503 with Retry-After, and health says so', async ({ stack }) => {
  await stack.killPostgres('SIGINT')
  const answers = await Promise.all([
    fetch(`${stack.appUrl}/api/health`),
    fetch(`${stack.appUrl}/api/emails/7cf0ea3c-66a4-4b1e-8f5b-000000000000`),
    fetch(`${stack.appUrl}/api/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Ada', email: newAddress() }),
    }),
  ])
  for (const answer of answers) {
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  }
  await stack.untilPostgresIsBack()
  expect((await fetch(`${stack.appUrl}/api/health`)).status).toBe(200)
  expect(await stack.query('SELECT FROM "User"')).toEqual([])
})

test('an open stream outlives a restart of Postgres, or ends so that the browser comes back', async ({
  stack,
}) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const events = readEvents(`${stack.appUrl}/api/emails/${id}/events`)
  expect((await events.next()).value?.event).toBe('email')
  await stack.killPostgres('SIGQUIT')
  await stack.untilPostgresIsBack()
  await stack.startWorker()
  const { status } = await until(stack, id, ({ final }) => final)
  expect(status).toBe('delivered')
  let last: unknown
  for await (const { event, data } of events) if (event === 'email') last = data
  // It told the end, or it ended before.
  expect(['delivered', undefined, 'queued']).toContain((last as { status?: string } | undefined)?.status)
})
