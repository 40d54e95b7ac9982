import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@playwright/test'
import { newAddress, signUp } from '../app'
import { act, type Owner, signUpOwner } from '../owner'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { untilSettled } from './oracle'
import { closeGate, hurry, isFinal, makeDue, report, until, untilAsked, updateJobs } from './steps'

const ROUNDS = 3
const PEOPLE = 24

test('erasing, gathering, reopening, settling, redriving, rendering again, correcting, signing in and out, and clean-up meet in no deadlock', {
  tag: '@long',
}, async ({ stack }) => {
  test.setTimeout(240_000)
  await Promise.all([stack.startWorker(), stack.startWorker(), stack.startWorker()])
  const before = await countDeadlocks(stack)
  for (let round = 0; round < ROUNDS; round++) await meet(stack)
  await stack.setProvider({ mode: 'ok' })
  await hurry(stack, () => untilSettled(stack))
  expect((await countDeadlocks(stack)) - before).toBe(0)
  expect(stack.output()).not.toContain('40P01')
})

test('waiting mail is rendered again while its batch settles: no deadlock', async ({ stack }) => {
  // The command starts meanwhile.
  await stack.setProvider({ latencyMs: 8_000 })
  const { id } = await signUp(newAddress(), stack.appUrl)
  await stack.startWorker()
  await untilAsked(stack, id)
  await using gate = await closeGate(stack, `SELECT FROM "Email" WHERE id = '${id}' FOR UPDATE`)
  await using first = await closeGate(
    stack,
    `SELECT FROM pgboss.job WHERE data->>'emailId' = '${id}' FOR UPDATE`,
  )
  const rendering = stack.command('waiting', 'render', 'all')
  await first.untilReached('SELECT FROM pgboss.job WHERE')
  // The worker is the first that comes to this mail, and then deletes the job of the batch.
  await gate.untilReached('SELECT FROM "Email" WHERE id IN (')
  await first.open()
  await gate.untilReached('SELECT id, kind, "batchId" FROM "Email"')
  await gate.open()
  expect(await rendering).toMatchObject({ code: 0, output: expect.stringContaining('0 had been rendered') })
  expect(await until(stack, id, isFinal)).toMatchObject({ status: 'delivered', attempts: 1 })
  expect(stack.output()).not.toContain('40P01')
})

/** Makes all kinds of changes at the same moment. */
async function meet(stack: Stack): Promise<void> {
  // A pause, so that all mails of the round wait when it ends.
  await stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt") VALUES ('resend', now() + interval '4 minutes')
     ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = excluded."nextTurnAt"`,
  )
  const owners = await Promise.all(Array.from({ length: PEOPLE }, () => signUpOwner(stack.appUrl)))
  // Some browsers hold several tickets, and sign up for more while they sign out.
  const shared = await Promise.all(owners.slice(0, 6).map(({ cookie }) => signUpWith(stack, cookie)))
  const [bounced, leaving, staying] = [owners.slice(0, 6), owners.slice(6, 18), owners.slice(18)]
  for (const { id } of bounced) await reportOf(stack, 'email.bounced', id)
  await Promise.all(owners.map((owner) => act(owner, 'POST', 'invitations', { emails: makeAddresses(4) }))) // orders
  // More jobs for the same mails, as after a restore.
  await stack.query(
    `INSERT INTO pgboss.job (name, data, policy) SELECT name, data, policy FROM pgboss.job WHERE name = 'send-email' AND state = 'created'`,
  )
  await stack.setProvider({ mode: 'garbage', latencyMs: 10 })

  let isOver = false
  const repeat = async (act: () => Promise<unknown>): Promise<void> => {
    while (!isOver) {
      await act().catch(() => {})
      await sleep(50)
    }
  }
  const others = [
    repeat(() => makeDue(stack)),
    repeat(() => updateJobs(stack, 'start_after = now()', `name = 'erase-user' AND state < 'active'`)),
    repeat(() => enqueueOnce(stack, 'clean-up')),
    repeat(() => enqueueOnce(stack, 'sweep')),
    repeat(() => stack.command('waiting', 'render', 'all')),
    repeat(() => Promise.all(staying.map(({ id }) => reportOf(stack, 'email.delivered', id)))),
  ]
  await Promise.all([
    ...leaving.map((owner) => act(owner, 'POST', 'erasure')),
    ...bounced.map((owner) => act(owner, 'POST', 'address', { email: newAddress() })),
    ...shared.map(({ cookie }) => signUpWith(stack, cookie)),
    ...[...shared, ...staying].map(({ cookie }) =>
      fetch(`${stack.appUrl}/api/session`, { method: 'DELETE', headers: { cookie } }),
    ),
    redriveAll(stack),
  ])
  // All of it goes on until those who leave are gone.
  while ((await stack.query('SELECT FROM "User" WHERE erasure IS NOT NULL')).length > 0) await sleep(100)
  isOver = true
  await Promise.all(others)
}

/** Adds a job, unless one waits already. */
function enqueueOnce(stack: Stack, queue: string): Promise<unknown> {
  return stack.query(
    `INSERT INTO pgboss.job (name, data, policy) SELECT $1, '{}', 'standard'
     WHERE NOT EXISTS (SELECT FROM pgboss.job WHERE name = $1 AND state = 'created')`,
    [queue],
  )
}

// orders
const makeAddresses = (count: number): string[] => Array.from({ length: count }, newAddress)

async function signUpWith(stack: Stack, cookie: string): Promise<Owner> {
  const email = newAddress()
  const response = await fetch(`${stack.appUrl}/api/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ name: 'Ada', email }),
  })
  const { user, welcomeEmail } = await response.json()
  return { id: welcomeEmail.id, userId: user.id, email, cookie, url: stack.appUrl }
}

/** Has the mails in doubt given up, and then redrives them, while everything else goes on. */
async function redriveAll(stack: Stack): Promise<void> {
  const count = async (sql: string): Promise<number> => (await stack.query(sql)).length
  await waitFor(async () => (await count(`SELECT FROM "Email" WHERE status = 'retrying'`)) > 0)
  await stack.query('UPDATE "Batch" SET "attemptsInDoubt" = 1000')
  await waitFor(async () => (await count(`SELECT FROM "Email" WHERE status = 'failed'`)) > 0)
  await stack.setProvider({ mode: 'reset-after-accept' })
  await Promise.all([stack.redrive(), stack.redrive()])
  await stack.setProvider({ mode: 'ok' })
}

async function reportOf(stack: Stack, type: string, id: string): Promise<void> {
  const data = { email_id: id, tags: { email_id: id }, bounce: { type: 'Permanent' } }
  await (await report(stack, type, data)).text()
}

async function countDeadlocks(stack: Stack): Promise<number> {
  // Each connection reports its own when it is idle.
  await stack.query('SELECT pg_stat_force_next_flush()')
  const [row] = await stack.query<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  )
  return row?.deadlocks ?? 0
}
