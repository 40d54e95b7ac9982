import { expect } from '@playwright/test'
import { newAddress, readEvents, signUp } from '../app'
import { act, signUpOwner, untilOrders } from '../owner'
import { copyProject, edit } from '../recipe'
import { type Stack, waitFor } from '../stack'
import { test } from '../test'
import { findFaults, untilSettled } from './oracle'
import {
  countCalls,
  countEmails,
  holdReports,
  isFinal,
  signUpMany,
  sweepNow,
  until,
  untilAsked,
  untilHurried,
} from './steps'

async function readHealth(stack: Stack): Promise<Record<string, unknown>> {
  return await (await fetch(`${stack.appUrl}/api/health`)).json()
}

test('all mail is stopped: signups, exports and erasures go on, everybody sees why, and mail goes on where it stood', async ({
  stack,
}) => {
  const workers = await Promise.all([stack.startWorker(), stack.startWorker()])
  expect(await stack.command('pace', 'pause')).toMatchObject({ code: 0 })
  const before = await countCalls(stack)
  const ids = await signUpMany(stack, 20)
  const leaver = await signUpOwner(stack.appUrl)
  const owner = await signUpOwner(stack.appUrl)
  expect((await act(leaver, 'POST', 'erasure')).status).toBe(202)
  await waitFor(async () => (await fetch(`${stack.appUrl}/api/emails/${leaver.id}`)).status === 404)
  expect((await act(owner, 'POST', 'export')).status).toBe(202) // orders
  await untilOrders(owner, (orders) => orders.export?.status === 'ready') // orders
  expect(await countEmails(stack, 'queued')).toBe(21)
  expect(await countCalls(stack)).toBe(before)

  const paused = { reason: 'paused_by_operator', until: null }
  expect(await readHealth(stack)).toMatchObject({ attention: 'paused_by_operator', paused })
  for await (const { event, data } of readEvents(`${stack.appUrl}/api/emails/${ids[0]}/events`)) {
    // A heartbeat says what the one before has read.
    if (event !== 'workers' || (data as { paused: unknown }).paused === null) continue
    expect(data).toEqual({ workers: 2, paused: 'paused_by_operator' })
    break
  }
  expect((await stack.command('doctor')).output).toContain('An operator has paused all mail.')

  // A new worker stops, too; and one that is asked to end gives back what it has in hand.
  expect(await workers[0]?.kill('SIGTERM')).toBe(0)
  await stack.startWorker()
  expect(await stack.command('pace', 'resume')).toEqual({
    code: 0,
    output: 'Mail goes out again, as fast as Resend allows.\n',
  })
  // The job that deletes the exported file is a day away.
  await stack.query(`DELETE FROM pgboss.job WHERE name = 'expire-export'`)
  await untilSettled(stack)
  expect(await stack.query('SELECT FROM "Email" WHERE attempts <> 1')).toEqual([])
  expect((await readHealth(stack)).paused).toBe(null)
  expect(await findFaults(stack, [...ids, owner.id])).toEqual([])
})

test('during any pause, a worker asks once a second whether it has ended', { tag: '@long' }, async ({
  stack,
}) => {
  expect(await stack.command('pace', 'pause')).toMatchObject({ code: 0 })
  await stack.query(
    `CREATE TABLE asked (at timestamptz DEFAULT clock_timestamp());
     CREATE FUNCTION note_asked() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN INSERT INTO asked DEFAULT VALUES; RETURN NEW; END';
     CREATE TRIGGER asked BEFORE INSERT ON "Pace" FOR EACH ROW EXECUTE FUNCTION note_asked()`,
  )
  try {
    await stack.startWorker()
    await signUpMany(stack, 2)
    for (const pause of [
      `"pausedAt" = now()`,
      `"pausedAt" = now(), reason = 'daily_quota_exceeded', "nextTurnAt" = 'infinity'`,
      `"pausedAt" = NULL, reason = 'daily_quota_exceeded', "nextTurnAt" = 'infinity'`,
      `"pausedAt" = NULL, reason = 'daily_quota_exceeded', "nextTurnAt" = now() + interval '1 hour'`,
    ]) {
      await stack.query(`UPDATE "Pace" SET ${pause}`)
      await stack.query('TRUNCATE asked')
      await waitFor(async () => (await stack.query('SELECT FROM asked')).length >= 3)
      const [gaps] = await stack.query<{ shortest: number }>(
        `SELECT min(gap)::float8 AS shortest
         FROM (SELECT extract(epoch FROM at - lag(at) OVER (ORDER BY at)) AS gap FROM asked) AS asked`,
      )
      expect(gaps?.shortest, pause).toBeGreaterThan(0.9)
    }
  } finally {
    await stack.query('DROP FUNCTION note_asked CASCADE; DROP TABLE asked')
  }
})

test('mail is paused for longer than Resend knows a key: a batch in doubt is given up, and its user is erased', {
  tag: '@long',
}, async ({ stack }) => {
  await stack.setProvider({ mode: 'reset-after-accept' })
  await stack.startWorker()
  const letReports = await holdReports(stack)
  const owner = await signUpOwner(stack.appUrl)
  await until(stack, owner.id, ({ status }) => status === 'retrying')
  await stack.command('pace', 'pause')
  expect((await act(owner, 'POST', 'erasure')).status).toBe(202)
  await until(stack, owner.id, ({ erasure }) => erasure === 'waiting')
  await stack.query(`UPDATE "Batch" SET "createdAt" = now() - interval '23 hours 1 minute'`)
  await sweepNow(stack)
  await untilHurried(stack, async () => (await stack.query('SELECT FROM "User"')).length === 0)
  await letReports()
})

test('an operator’s pause and one of the mail service: neither ends the other', { tag: '@long' }, async ({
  stack,
}) => {
  await stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt", reason) VALUES ('resend', now() + interval '1 hour', 'daily_quota_exceeded')`,
  )
  await stack.command('pace', 'pause')
  expect(await readHealth(stack)).toMatchObject({ paused: { reason: 'paused_by_operator' } })
  const resumed = await stack.command('pace', 'resume')
  expect(resumed.output).toMatch(/No requests to Resend until \d{4}-.*Z: daily_quota_exceeded\./)
  expect(await readHealth(stack)).toMatchObject({
    paused: { reason: 'daily_quota_exceeded' },
    attention: null,
  })

  // The answer to a request that was under way does not end a pause by the operator.
  await stack.query('DELETE FROM "Pace"')
  await stack.setProvider({ latencyMs: 2_000 })
  await stack.startWorker()
  const [id = ''] = await signUpMany(stack, 1)
  await untilAsked(stack, id)
  await stack.command('pace', 'pause')
  expect((await until(stack, id, isFinal)).status).toBe('delivered')
  const later = await signUp(newAddress(), stack.appUrl)
  expect(await readHealth(stack)).toMatchObject({ paused: { reason: 'paused_by_operator' } })
  await stack.command('pace', 'resume')
  expect((await until(stack, later.id, isFinal)).status).toBe('delivered')
})

test('a pause that is over: a mail that waits for the trial still tells of it, and without one all is well', {
  tag: '@long',
}, async ({ stack }) => {
  const time = `now() - interval '1 second'`
  await stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt", reason) VALUES ('resend', ${time}, 'restricted_api_key')`,
  )
  const worker = await stack.startWorker()
  expect(await readHealth(stack)).toMatchObject({ paused: null, attention: null })
  expect(await stack.command('doctor')).toMatchObject({
    code: 0,
    output: expect.stringContaining('No problems.'),
  })
  expect((await stack.command('pace', 'resume')).output).toMatch(/^Mail goes out again/)

  expect(await worker.kill('SIGTERM')).toBe(0)
  const [id = ''] = await signUpMany(stack, 1)
  await expect
    .poll(() => readHealth(stack))
    .toMatchObject({ attention: 'restricted_api_key', paused: { reason: 'restricted_api_key' } })
  const trial = 'The next request to Resend is a trial: restricted_api_key.'
  expect((await stack.command('doctor')).output).toContain(`! ${trial}`)
  expect((await stack.command('pace', 'resume')).output).toContain(trial)
  await stack.startWorker()
  expect((await until(stack, id, isFinal)).status).toBe('delivered')
  await expect.poll(() => readHealth(stack)).toMatchObject({ attention: null, paused: null })
})

test('a wrong template on a busy morning, by docs/operations.md: stopped, dropped, repaired, and signups never notice', {
  tag: '@long',
}, async ({ stack }) => {
  const wrong = await copyProject(`test-results/wrong-template-${test.info().parallelIndex}`)
  await edit(wrong, 'lib/mail/message.ts', (text) =>
    text.replace('subject: template.subject', `subject: 'Dear %NAME%'`),
  )
  const earlier = new Set((await readInbox(stack)).map(({ id }) => id))
  // A busy time: more people sign up than Resend lets us write to.
  await stack.setProvider({ rateLimit: 1, latencyMs: 1_000 })
  await stack.query(`INSERT INTO "Pace" (account, "perSecond") VALUES ('resend', 1)`)
  const bad = await stack.startWorkerOf(wrong, { LIMIT_MAILS_PER_HOUR: '0' })
  let isOver = false
  const ids: string[] = []
  const morning = (async () => {
    while (!isOver) {
      ids.push((await signUp(newAddress(), stack.appUrl)).id)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  await waitFor(async () => (await countEmails(stack, 'sent', 'delivered')) > 0)

  // 1. Pause. Requests under way come to their end.
  await stack.command('pace', 'pause')
  await waitFor(async () => (await countEmails(stack, 'sending')) === 0)
  const gone = await countEmails(stack, 'sent', 'delivered')
  await waitFor(async () => (await countEmails(stack, 'queued')) >= 20)
  // 2. Look, and drop the mails that wait. Mails that come in meanwhile wait as well.
  expect((await stack.command('waiting')).output).toMatch(/^welcome: \d+, /m)
  const [now] = await stack.query<{ time: Date }>('SELECT now() AS time')
  const dropped = await stack.command('waiting', 'drop', 'welcome', '--until', now?.time.toISOString() ?? '')
  expect(dropped.code).toBe(0)
  const count = Number(/^(\d+) dropped/.exec(dropped.output)?.[1])
  expect(count).toBeGreaterThanOrEqual(20)
  // 3. Deploy the release that repairs it.
  await bad.kill('SIGTERM')
  await stack.startWorker()
  expect((await stack.command('doctor')).output).toContain(`: dropped_by_operator. To send them all the same`)
  // 4. Resume, and send the dropped mails, which are rendered anew.
  await stack.command('pace', 'resume')
  isOver = true
  await morning
  await stack.setProvider({ rateLimit: 0, latencyMs: 20 })
  const [first] = await stack.query<{ id: string }>(`SELECT id FROM "Email" WHERE status = 'failed' LIMIT 1`)
  const { timeline } = await until(stack, first?.id ?? '', isFinal)
  expect(timeline.at(-1)).toMatchObject({ status: 'failed', reason: 'dropped_by_operator' })
  expect((await stack.redrive('--reason', 'dropped_by_operator')).output).toContain(
    `${count} of ${count} put back`,
  )
  await untilHurried(stack, async () => (await countEmails(stack, 'delivered')) === ids.length)
  await untilSettled(stack)

  const mails = (await readInbox(stack)).filter(({ id }) => !earlier.has(id))
  expect(mails.filter(({ subject }) => subject.includes('%NAME%'))).toHaveLength(gone)
  expect(mails).toHaveLength(ids.length)
  expect(await findFaults(stack, ids)).toEqual([])
})

test('what may have been accepted is named and left alone; what was never sent is rendered anew', {
  tag: '@long',
}, async ({ stack }) => {
  const worker = await stack.startWorker()
  await stack.setProvider({ mode: 'garbage' })
  const [doubtful = ''] = await signUpMany(stack, 1)
  await until(stack, doubtful, ({ status }) => status === 'retrying')
  await stack.command('pace', 'pause')
  await worker.kill('SIGTERM')
  expect((await stack.command('doctor')).output).toContain('(gone: the next worker sends them)')
  await stack.setProvider({ mode: 'ok' })
  const [fresh = '', refused = ''] = await signUpMany(stack, 2)
  // Refused in a batch of many, then recorded in a batch of its own, and not sent yet.
  await stack.query(
    `WITH batch AS (INSERT INTO "Batch" (messages, "attemptsInDoubt") VALUES (json_build_array(json_build_object('subject', 'old',
       'tags', json_build_array(json_build_object('name', 'email_id', 'value', $1::text)))), 0) RETURNING id)
     UPDATE "Email" SET "batchId" = batch.id, status = 'retrying' FROM batch WHERE "Email".id = $1::uuid`,
    [refused],
  )
  for (const order of ['render', 'drop']) {
    const { output } = await stack.command('waiting', order, 'all')
    expect(output).toContain('Left alone: 1')
    expect(output).toContain(`${doubtful}  in batch `)
  }
  for (const id of [fresh, refused]) expect((await until(stack, id, isFinal)).status).toBe('failed')
  expect(await stack.query('SELECT FROM "Batch"')).toHaveLength(1)
  await stack.command('pace', 'resume')
  expect((await stack.redrive(fresh, refused)).code).toBe(0)
  await stack.startWorker()
  await untilHurried(stack, async () => (await countEmails(stack, 'delivered')) === 3)
  await untilSettled(stack)
  expect((await readInbox(stack)).map(({ subject }) => subject)).not.toContain('old')
  expect(await findFaults(stack, [doubtful, fresh, refused])).toEqual([])
})

test('a kind that does not exist cannot be dropped, and one that only the next version knows can', async ({
  stack,
}) => {
  const [id = ''] = await signUpMany(stack, 1)
  expect(await stack.command('waiting', 'drop', 'welcom')).toEqual({
    code: 2,
    output: expect.stringMatching(/^There is no kind "welcom"\. The kinds are: welcome, .+\n$/),
  })
  await stack.query(`UPDATE "Email" SET kind = 'tomorrow' WHERE id = $1`, [id])
  expect((await stack.command('waiting', 'drop', 'tomorrow')).output).toMatch(/^1 dropped/m)
})

test('a time without its unit or its zone drops no mail', { tag: '@long' }, async ({ stack }) => {
  await signUpMany(stack, 1)
  for (const time of ['90', '2', '2026-11-28', '2026-11-28 09:00', '2026-11-28T09:00:00', 'yesterday', '']) {
    expect(await stack.command('waiting', 'drop', 'all', '--since', time)).toEqual({
      code: 2,
      output: `Not a time: ${time}. Write 2026-11-28T09:00:00Z, or 90m, 2h, 3d\n`,
    })
  }
  expect(await countEmails(stack, 'queued')).toBe(1)
  const both = ['--since', '2026-11-28T09:00:00+01:00', '--until', '0m']
  expect((await stack.command('waiting', 'drop', 'all', ...both)).output).toMatch(/^1 dropped/m)
})

test('the list of waiting mails can be of a time', async ({ stack }) => {
  await signUpMany(stack, 2)
  await stack.query(
    `UPDATE "Email" SET "createdAt" = now() - interval '3 hours' WHERE id = (SELECT id FROM "Email" LIMIT 1)`,
  )
  for (const [args, answer] of [
    [[], /^welcome: 2, /],
    [['--since', '2h'], /^welcome: 1, /],
    [['--until', '2h'], /^welcome: 1, /],
    [['--until', '4h'], /^No mail of this time waits\.$/m],
  ] as const)
    expect((await stack.command('waiting', ...args)).output, args.join(' ')).toMatch(answer)
})

test('a job that was deleted by hand: its mail is found by the sweep, and sent', { tag: '@long' }, async ({
  stack,
}) => {
  const [id = ''] = await signUpMany(stack, 1)
  await stack.query('DELETE FROM pgboss.job')
  await stack.query(`UPDATE "Email" SET "updatedAt" = now() - interval '2 minutes' WHERE id = $1`, [id])
  expect((await stack.command('doctor')).output).toContain('1 row waits without a job')
  await stack.startWorker()
  await stack.query(`INSERT INTO pgboss.job (name, data) VALUES ('sweep', '{}')`)
  expect((await until(stack, id, isFinal)).status).toBe('delivered')
})

/** Returns the mails that the stand-in for Resend has accepted. */
async function readInbox(stack: Stack): Promise<{ id: string; subject: string }[]> {
  return (await (await stack.askProvider('/emails?limit=10000')).json()).data
}
