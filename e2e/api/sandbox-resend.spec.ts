import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { type CreateBatchRequestOptions, Resend } from 'resend'
import type { ProviderCounts, Stack } from '../stack'
import { test } from '../test'

/* The local stand-in for Resend, asked as the app asks it: what it must do as the real one does. */

// One after another: otherwise `npm run test:fast` starts three installations for them.
test.describe.configure({ mode: 'default' })

const INVALID = 'invalid@resend.dev'
const permissive = { batchValidation: 'permissive' } as const

const resendOf = (stack: Stack): Resend => new Resend('re_sandbox', { baseUrl: stack.resendUrl })

/** A mail as the app makes it: a tag names the email. */
function makeMail(to = `delivered+${randomUUID()}@resend.dev`) {
  const tags = [{ name: 'email_id', value: randomUUID() }]
  return { from: 'Ada <onboarding@resend.dev>', to, subject: 'Hello', text: 'Hello', tags }
}
type Mail = ReturnType<typeof makeMail>

const sendBatch = (stack: Stack, mails: Mail[], options?: CreateBatchRequestOptions) =>
  resendOf(stack).batch.send(mails, options)

/** Returns the provider's counts for each of these mails. */
async function readBooks(
  stack: Stack,
  mails: Mail[],
): Promise<(ProviderCounts['emails'][string] | undefined)[]> {
  const { emails } = await stack.setProvider({})
  return mails.map(({ tags }) => emails[tags[0]?.value ?? ''])
}

const anId = { id: expect.any(String) }
const aProblem = (index: number) => ({ index, message: expect.stringContaining('`to`') })
const anError = (statusCode: number, name: string) => ({
  data: null,
  error: { statusCode, name, message: expect.any(String) },
})
const sent = { calls: 1, accepted: 1 }
const notSent = { calls: 1, accepted: 0 }

test.describe('the limit', () => {
  test('refuses the eleventh request in a second, and later lets through again', async ({ stack }) => {
    // Unless this computer sleeps in between, the eleven are there long before the second is over.
    await expect(async () => {
      const before = await stack.setProvider({ rateLimit: 10, latencyMs: 2_000 })
      const mails = Array.from({ length: 11 }, () => makeMail())
      const inOrder: (string | undefined)[] = []
      const answers = await Promise.all(
        mails.map(async (mail) => {
          const answer = await resendOf(stack).emails.send(mail)
          inOrder.push(answer.error?.name)
          return answer
        }),
      )
      // A rejection comes at once.
      expect(inOrder).toEqual(['rate_limit_exceeded', ...Array(10).fill(undefined)])
      const refused = answers.find(({ error }) => error)
      expect(refused).toMatchObject(anError(429, 'rate_limit_exceeded'))
      expect(refused?.headers).toMatchObject({
        'ratelimit-limit': '10',
        'ratelimit-remaining': '0',
        'ratelimit-reset': '1',
        'retry-after': '1',
      })
      const remaining = answers.map(({ headers }) => Number(headers?.['ratelimit-remaining']))
      expect(remaining.sort((a, b) => a - b)).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])

      const after = await stack.setProvider({})
      expect(after.calls - before.calls).toBe(11)
      expect(after.accepted - before.accepted).toBe(10)
      expect(after.refused - before.refused).toBe(1)
      expect((await readBooks(stack, mails)).filter(Boolean)).toEqual(Array(10).fill(sent))
    }).toPass()

    await stack.setProvider({ latencyMs: 0 })
    await expect(async () => {
      const { data, headers } = await resendOf(stack).emails.send(makeMail())
      expect(data).toEqual(anId)
      expect(headers).toMatchObject({ 'ratelimit-limit': '10', 'ratelimit-remaining': '9' })
      expect(headers).not.toHaveProperty('retry-after')
    }).toPass()
  })

  test('is one for single mails and batches, and can be changed at any time', async ({ stack }) => {
    const sendBoth = () =>
      Promise.all([
        resendOf(stack).emails.send(makeMail()),
        sendBatch(stack, [makeMail(), makeMail()]).then(({ error, headers }) => ({ error, headers })),
      ])
    await stack.setProvider({ rateLimit: 1 })
    // A new second may begin between the two.
    await expect(async () => {
      const names = (await sendBoth()).map(({ error }) => error?.name)
      expect(names.sort()).toEqual(['rate_limit_exceeded', undefined])
    }).toPass()

    const { refused } = await stack.setProvider({ rateLimit: 0 })
    for (const { error, headers } of (await Promise.all(Array.from({ length: 10 }, sendBoth))).flat()) {
      expect(error).toBeNull()
      expect(Object.keys(headers ?? {}).filter((name) => /^(ratelimit|retry)-/.test(name))).toEqual([])
    }
    expect(await stack.setProvider({})).toMatchObject({ rateLimit: 0, refused })
  })

  test('is each account’s own', async ({ stack }) => {
    await stack.setProvider({ rateLimit: 1 })
    const other = new Resend('re_other', { baseUrl: stack.resendUrl })
    await expect(async () => {
      const answers = await Promise.all([
        resendOf(stack).emails.send(makeMail()),
        resendOf(stack).emails.send(makeMail()),
        other.emails.send(makeMail()),
      ])
      const names = answers.map(({ error }) => error?.name)
      expect(names.sort()).toEqual(['rate_limit_exceeded', undefined, undefined])
      expect(answers[2]?.error).toBeNull()
    }).toPass()
  })

  test('is part of the weather, and holds in bad weather, too', async ({ stack }) => {
    await stack.setProvider({ rateLimit: 3, mode: 'outage' })
    const weather = await (await stack.askProvider('/sandbox/weather')).json()
    expect(weather).toEqual({ mode: 'outage', latencyMs: 20, rateLimit: 3 })
    // The calls of another test may count in the second that is under way.
    await expect(async () => {
      const answer = await resendOf(stack).emails.send(makeMail())
      expect(answer).toMatchObject(anError(503, 'service_unavailable'))
      expect(answer.headers).toMatchObject({ 'ratelimit-limit': '3', 'ratelimit-remaining': '2' })
    }).toPass()
  })

  test('is a whole number from 0', async ({ stack }) => {
    for (const rateLimit of [-1, 1.5, '3', null])
      await expect(stack.setProvider({ rateLimit } as { rateLimit: number })).rejects.toThrow('rateLimit')
    expect(await stack.setProvider({})).toMatchObject({ rateLimit: 0 })
  })
})

test.describe('a permissive batch', () => {
  test('without a bad address: ids, and no errors', async ({ stack }) => {
    const mails = [makeMail(), makeMail()]
    const { data } = await sendBatch(stack, mails, permissive)
    expect(data).toEqual({ data: [anId, anId], errors: [] })
    expect(await readBooks(stack, mails)).toEqual([sent, sent])
  })

  test('with one: it is named by its index, and its neighbours are sent', async ({ stack }) => {
    const mails = [makeMail(), makeMail(INVALID), makeMail()]
    const { data } = await sendBatch(stack, mails, permissive)
    expect(data).toEqual({ data: [anId, anId], errors: [aProblem(1)] })
    expect(await readBooks(stack, mails)).toEqual([sent, notSent, sent])
  })

  test('with several: the ids are in the order of the others', async ({ stack }) => {
    const bad = ['Bad <Invalid+1@resend.dev>', INVALID].map((to) => makeMail(to))
    const good = [makeMail(), makeMail(), makeMail()]
    const mails = [good[0], bad[0], good[1], good[2], bad[1]] as Mail[]
    const { data } = await sendBatch(stack, mails, permissive)
    expect(data).toEqual({ data: [anId, anId, anId], errors: [aProblem(1), aProblem(4)] })
    for (const [index, { to }] of good.entries()) {
      const mail = await (await stack.askProvider(`/emails/${data?.data[index]?.id}`)).json()
      expect(mail.to).toEqual([to])
    }
  })

  test('with nothing else: it is answered all the same, and nothing is sent', async ({ stack }) => {
    const mails = [makeMail(INVALID), makeMail('invalid+2@resend.dev')]
    const { data } = await sendBatch(stack, mails, permissive)
    expect(data).toEqual({ data: [], errors: [aProblem(0), aProblem(1)] })
    expect(await readBooks(stack, mails)).toEqual([notSent, notSent])
  })

  test('while Resend rejects everything: every mail by itself', async ({ stack }) => {
    await stack.setProvider({ mode: 'invalid' })
    const mails = [makeMail(), makeMail()]
    expect((await sendBatch(stack, mails, permissive)).data).toEqual({
      data: [],
      errors: [aProblem(0), aProblem(1)],
    })
    expect(await sendBatch(stack, mails)).toMatchObject(anError(422, 'validation_error'))
  })
})

test('a strict batch with a bad address is refused as a whole', async ({ stack }) => {
  const mails = [makeMail(), makeMail(INVALID)]
  expect(await sendBatch(stack, mails)).toMatchObject(anError(422, 'validation_error'))
  expect(await readBooks(stack, mails)).toEqual([notSent, notSent])
  expect((await sendBatch(stack, [makeMail()])).data).toEqual({ data: [anId] })
})

test('a single mail to a bad address is refused', async ({ stack }) => {
  const answer = await resendOf(stack).emails.send(makeMail('invalid+3@resend.dev'))
  expect(answer).toMatchObject(anError(422, 'validation_error'))
})

test('a batch is a list of 1 to 100 mails', async ({ stack }) => {
  const hundred = Array.from({ length: 100 }, () => makeMail())
  expect((await sendBatch(stack, hundred, permissive)).data?.data).toHaveLength(100)
  for (const body of [[], [...hundred, makeMail()], { mails: hundred }, 'nonsense', null, '']) {
    const answer = await fetch(`${stack.resendUrl}/emails/batch`, {
      method: 'POST',
      headers: { authorization: 'Bearer re_sandbox', 'x-batch-validation': 'permissive' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ name: 'validation_error' })
  }
})

test.describe('an idempotency key', () => {
  test('gets the first answer again, its errors included, and no second mail', async ({ stack }) => {
    const mails = [makeMail(), makeMail(INVALID)]
    const options = { ...permissive, idempotencyKey: randomUUID() }
    const first = await sendBatch(stack, mails, options)
    expect(first.data?.errors).toEqual([aProblem(1)])
    await stack.setProvider({ mode: 'reset-after-accept' })
    expect((await sendBatch(stack, mails, options)).data).toBeNull()
    // Resend does not validate again what it has accepted.
    await stack.setProvider({ mode: 'invalid' })
    expect((await sendBatch(stack, mails, options)).data).toEqual(first.data)
    const [good, bad] = await readBooks(stack, mails)
    expect(good).toEqual({ calls: 3, accepted: 1 })
    expect(bad).toEqual({ calls: 3, accepted: 0 })
  })

  test('is for one request only, even if the others differ in a refused mail alone', async ({ stack }) => {
    const mails = [makeMail(), makeMail(INVALID)]
    const options = { ...permissive, idempotencyKey: randomUUID() }
    await sendBatch(stack, mails, options)
    const others = [mails[0] as Mail, makeMail('invalid+4@resend.dev')]
    expect(await sendBatch(stack, others, options)).toMatchObject(anError(409, 'invalid_idempotent_request'))
    expect(await resendOf(stack).emails.send(makeMail(), options)).toMatchObject(
      anError(409, 'invalid_idempotent_request'),
    )
  })

  test('of a refused request is free again', async ({ stack }) => {
    const options = { idempotencyKey: randomUUID() }
    expect((await sendBatch(stack, [makeMail(INVALID)], options)).error?.statusCode).toBe(422)
    expect((await sendBatch(stack, [makeMail()], options)).data).toEqual({ data: [anId] })
  })

  test('that is in use cannot be used by another request', async ({ stack }) => {
    await stack.setProvider({ latencyMs: 5_000 })
    const mails = [makeMail()]
    const options = { idempotencyKey: randomUUID() }
    const first = sendBatch(stack, mails, options)
    await expect.poll(() => readBooks(stack, mails)).toEqual([notSent])
    await stack.setProvider({ latencyMs: 0 })
    expect(await sendBatch(stack, mails, options)).toMatchObject(
      anError(409, 'concurrent_idempotent_requests'),
    )
    const { data } = await first
    expect(data).toEqual({ data: [anId] })
    expect((await sendBatch(stack, mails, options)).data).toEqual(data)
    expect(await readBooks(stack, mails)).toEqual([{ calls: 3, accepted: 1 }])
  })

  test('of a request that got no answer is free', async ({ stack }) => {
    await stack.setProvider({ mode: 'hang' })
    const mails = [makeMail()]
    const options = { idempotencyKey: randomUUID() }
    const first = sendBatch(stack, mails, options)
    await expect.poll(() => readBooks(stack, mails)).toEqual([notSent])
    await stack.setProvider({ mode: 'ok' })
    expect((await first).data).toBeNull()
    expect((await sendBatch(stack, mails, options)).data).toEqual({ data: [anId] })
  })
})

test('a mail without our tag is in the books by its key, or else by its address', async ({ stack }) => {
  const [byKey, byAddress] = [makeMail(), makeMail()].map(({ tags, ...mail }) => mail) as [Mail, Mail]
  const idempotencyKey = randomUUID()
  await resendOf(stack).emails.send(byKey, { idempotencyKey })
  await resendOf(stack).emails.send(byAddress)
  const { emails } = await stack.setProvider({})
  expect(emails[idempotencyKey]).toEqual(sent)
  expect(emails[byAddress.to]).toEqual(sent)
  expect(emails[byKey.to]).toBeUndefined()
})
