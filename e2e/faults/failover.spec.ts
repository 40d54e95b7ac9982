import { expect } from '@playwright/test'
import { Client } from 'pg'
import { newAddress, postSignup } from '../app'
import { OURS, waitFor } from '../stack'
import { isFinal, signUpStubbornly, until } from './steps'
import { test } from './test'

test('connections to a server that became read-only are given up, also when nobody cuts them', async ({
  stack,
}) => {
  // The LISTEN connections look every ten seconds.
  test.setTimeout(120_000)
  const worker = await stack.startWorker()
  await using admin = await connect(stack.databaseUrl)
  const database = `DATABASE "${new URL(stack.databaseUrl).pathname.slice(1)}"`
  // 1. From here on, each new connection is read-only for as long as it lives: as if it led to a former primary.
  await admin.query(`ALTER ${database} SET default_transaction_read_only = on`)
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name <> '${OURS}' AND pid <> pg_backend_pid()`,
  )
  const signup = signUpStubbornly(() => stack.appUrl)
  // A LISTEN connection writes nothing. It notices by itself, and is replaced again and again.
  const listeners = new Set<number>()
  await waitFor(async () => {
    const { rows } = await admin.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'live status'`,
    )
    for (const { pid } of rows) listeners.add(pid)
    return listeners.size > 1
  })
  const refused = await postSignup({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)
  expect(refused.status).toBe(503)

  // 2. Now new connections lead to the new primary. Those that there are do not.
  await admin.query(`ALTER ${database} RESET default_transaction_read_only`)
  const { id } = await signup
  await until(stack, id, isFinal)
  expect(worker.isRunning()).toBe(true)
})

async function connect(connectionString: string): Promise<Client & AsyncDisposable> {
  const options = '-c default_transaction_read_only=off'
  const client = new Client({ connectionString, options, application_name: OURS })
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() })
}
