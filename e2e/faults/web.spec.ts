import { expect } from '@playwright/test'
import { newAddress, postSignup, readStream, signUp } from '../app'
import { query } from '../stack'
import { test } from './test'

test('SIGTERM with an open stream: the server ends the stream and stops', async ({ stack }) => {
  const web = await stack.startWeb()
  const { id } = await signUp(newAddress(), stack.appUrl)
  const stream = readStream(`${web.url}/api/emails/${id}/events`)
  expect((await stream.next()).value.status).toBe('queued')
  const started = Date.now()
  const code = await web.kill('SIGTERM')
  expect(Date.now() - started).toBeLessThan(10_000)
  expect([0, 143]).toContain(code)
  expect((await stream.next()).done).toBe(true)
})

test('a missing queue is a 503, and nothing is half made', async ({ stack }) => {
  const email = newAddress()
  const { databaseUrl } = stack
  await query(databaseUrl, `ALTER TABLE pgboss.queue RENAME TO queue_away`)
  try {
    const response = await postSignup({ name: 'Ada', email }, {}, stack.appUrl)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
  } finally {
    await query(databaseUrl, `ALTER TABLE pgboss.queue_away RENAME TO queue`)
  }
  expect(await query(databaseUrl, `SELECT 1 FROM "User" WHERE email = $1`, [email])).toEqual([])
  expect((await postSignup({ name: 'Ada', email }, {}, stack.appUrl)).status).toBe(201)
})

test('a transaction that breaks at its last step leaves nothing behind', async ({ stack }) => {
  const { databaseUrl } = stack
  await query(
    databaseUrl,
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
     CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON "User" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`,
  )
  const count = async () =>
    await query(
      databaseUrl,
      `SELECT (SELECT count(*) FROM "User") AS users, (SELECT count(*) FROM "Email") AS emails,
         (SELECT count(*) FROM "EmailEvent") AS events, (SELECT count(*) FROM pgboss.job) AS jobs`,
    )
  const before = await count()
  try {
    expect((await postSignup({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)).status).toBe(503)
    expect(await count()).toEqual(before)
  } finally {
    await query(databaseUrl, `DROP TRIGGER refuse ON "User"; DROP FUNCTION refuse()`)
  }
})
