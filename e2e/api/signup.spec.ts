import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { expect, test } from '@playwright/test'
import { app, newAddress, postSignup, sql } from '../app'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** How many rows a signup with this address has left in each place. */
async function countRows(
  email: string,
): Promise<{ users: number; emails: number; events: number; jobs: number }> {
  const [counts] = await sql<{ users: number; emails: number; events: number; jobs: number }>(
    `WITH "user" AS (SELECT id FROM "User" WHERE email = $1),
          mail AS (SELECT id FROM "Email" WHERE "userId" IN (SELECT id FROM "user"))
     SELECT (SELECT count(*) FROM "user")::int AS users, (SELECT count(*) FROM mail)::int AS emails,
       (SELECT count(*) FROM "EmailEvent" WHERE "emailId" IN (SELECT id FROM mail) AND status = 'queued')::int AS events,
       (SELECT count(*) FROM pgboss.job WHERE data->>'emailId' IN (SELECT id::text FROM mail))::int AS jobs`,
    [email],
  )
  if (!counts) throw new Error('no counts')
  return counts
}

async function expectProblem(response: Response, status: number): Promise<Record<string, unknown>> {
  expect(response.status).toBe(status)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = await response.json()
  expect(problem).toMatchObject({ type: expect.any(String), title: expect.any(String), status })
  return problem
}

test('creates a user, an email record, an event and a job, and answers at once', async () => {
  const email = newAddress()
  const response = await postSignup({ name: '  Ada Lovelace ', email: ` ${email.toUpperCase()} ` })
  expect(response.status).toBe(201)
  const body = await response.json()
  expect(body).toEqual({
    status: 'Account created!',
    user: { id: expect.stringMatching(UUID), name: 'Ada Lovelace', email },
    welcomeEmail: {
      id: expect.stringMatching(UUID),
      status: 'queued',
      attempts: 0,
      version: 1,
      final: false,
      timeline: [{ status: 'queued', at: expect.stringMatching(/^\d{4}-.*Z$/) }],
    },
  })
  expect(await countRows(email)).toEqual({ users: 1, emails: 1, events: 1, jobs: 1 })
  const [job] = await sql<{ data: unknown }>(`SELECT data FROM pgboss.job WHERE data->>'emailId' = $1`, [
    body.welcomeEmail.id,
  ])
  expect(job?.data).toEqual({ emailId: body.welcomeEmail.id })
})

test('a hundred signups with one address at once: one account', async () => {
  const email = newAddress()
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      postSignup({ name: 'Ada', email: i % 2 ? email : email.toUpperCase() }),
    ),
  )
  const statuses = answers.map((answer) => answer.status)
  expect(statuses.filter((status) => status === 201)).toHaveLength(1)
  expect(statuses.filter((status) => status === 409)).toHaveLength(99)
  expect(await countRows(email)).toEqual({ users: 1, emails: 1, events: 1, jobs: 1 })
})

test('the same address again is a 409 that names the field', async () => {
  const email = newAddress()
  await postSignup({ name: 'Ada', email })
  const problem = await expectProblem(await postSignup({ name: 'Eve', email: email.toUpperCase() }), 409)
  expect(problem.errors).toEqual({ email: [expect.any(String)] })
})

test.describe('Idempotency-Key', () => {
  test('the same key and body answer the same, also at the same time', async () => {
    const email = newAddress()
    const headers = { 'idempotency-key': randomUUID() }
    const bodies = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const response = await postSignup({ name: 'Ada', email }, headers)
        expect(response.status).toBe(201)
        return response.text()
      }),
    )
    expect(new Set(bodies).size).toBe(1)
    const upperCase = { 'idempotency-key': headers['idempotency-key'].toUpperCase() }
    expect(await (await postSignup({ name: 'Ada', email }, upperCase)).text()).toBe(bodies[0])
    expect(await countRows(email)).toEqual({ users: 1, emails: 1, events: 1, jobs: 1 })
  })

  test('the same key with another body is a 422, and creates nothing', async () => {
    const [email, other] = [newAddress(), newAddress()]
    const headers = { 'idempotency-key': randomUUID() }
    await postSignup({ name: 'Ada', email }, headers)
    await expectProblem(await postSignup({ name: 'Ada', email: other }, headers), 422)
    await expectProblem(await postSignup({ name: 'Eve', email }, headers), 422)
    expect((await countRows(other)).users).toBe(0)
  })

  test('another key with the same address is a 409', async () => {
    const email = newAddress()
    await postSignup({ name: 'Ada', email }, { 'idempotency-key': randomUUID() })
    await expectProblem(await postSignup({ name: 'Ada', email }, { 'idempotency-key': randomUUID() }), 409)
  })

  test('a key that is not a UUID is a 400', async () => {
    for (const key of ['1', 'not-a-uuid', '']) {
      await expectProblem(
        await postSignup({ name: 'Ada', email: newAddress() }, { 'idempotency-key': key }),
        400,
      )
    }
  })
})

test.describe('names', () => {
  const good = [
    'Ada',
    '李小龍',
    'محمد',
    'Zoë',
    'O’Brien',
    'J.R.R. Tolkien',
    'St. John',
    'Dr. Who Jr.',
    'Gal·la',
    'नमस्ते',
    '👩‍👩‍👧‍👦',
    'x'.repeat(80),
  ]
  for (const name of good) {
    test(`takes ${name.slice(0, 20)}`, async () => {
      const response = await postSignup({ name, email: newAddress() })
      expect(response.status).toBe(201)
      expect((await response.json()).user.name).toBe(name.normalize('NFC'))
    })
  }

  const bad: [string, unknown][] = [
    ['nothing', ''],
    ['spaces only', '  \u00a0 '],
    ['not a string', 7],
    ['81 characters', 'x'.repeat(81)],
    ['over 320 bytes', '👩‍👩‍👧‍👦'.repeat(20)],
    ['a line break', 'Ada\nBcc: x'],
    ['a NUL', 'Ada\u0000'],
    ['a line separator', 'Ada\u2028L'],
    ['a bidi override', 'Ada\u202egnp.exe'],
    ['a lone surrogate', '\\ud800'],
    ['nothing visible', '\u200b\u3164'],
    ['five accents on one letter', 'Z\u0335\u0335\u0335\u0335\u0335'],
    ['markup', '<b>Ada</b>'],
    ['an address', 'https://evil.example'],
    ['a domain', 'Win at evil.com now'],
    ['a domain in full-width letters', 'ｗｗｗ．evil．com'],
    ['a domain with an ideographic dot', 'evil。com'],
    ['a domain with a half-width dot', 'evil｡com'],
    ['a domain with a dot that looks like one', 'evil․com'],
    ['a domain with something invisible in it', 'evil\u200b.\u00adcom'],
    ['a domain in another script', 'उदाहरण.भारत'],
    ['an IP address', '192.168.1.1'],
    ['a host with a port', 'localhost:3000'],
  ]
  for (const [title, name] of bad) {
    test(`refuses ${title}`, async () => {
      const email = newAddress()
      const body = JSON.stringify({ name, email }).replace('\\\\ud800', '\\ud800')
      const problem = await expectProblem(await postSignup(body), 422)
      expect(problem.errors).toEqual({ name: [expect.any(String)] })
      expect((await countRows(email)).users).toBe(0)
    })
  }
})

test.describe('addresses', () => {
  test('are stored in one canonical form', async () => {
    const local = randomUUID()
    const response = await postSignup({ name: 'Ada', email: ` ${local.toUpperCase()}+Tag@Пример.РФ` })
    expect((await response.json()).user.email).toBe(`${local}+tag@xn--e1afmkfd.xn--p1ai`)
  })

  const bad = [
    '',
    'ada',
    'ada@',
    '@example.com',
    'ada@localhost',
    'a..b@example.com',
    '.a@example.com',
    'a b@example.com',
    'a@example.com,b@example.com',
    'Ada <ada@example.com>',
    'a@example.com\nBcc: b@example.com',
    'ä@example.com',
    '"a b"@example.com',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@exa%6dple.com',
    'a@-example.com',
    `${'x'.repeat(65)}@example.com`,
    `a@${`${'x'.repeat(60)}.`.repeat(5)}com`,
    ['a@example.com'],
  ]
  for (const [index, email] of bad.entries()) {
    test(`refuses ${JSON.stringify(email).slice(0, 40)} (${index})`, async () => {
      const problem = await expectProblem(await postSignup({ name: 'Ada', email }), 422)
      expect(problem.errors).toEqual({ email: [expect.any(String)] })
    })
  }
})

test.describe('requests', () => {
  test('refuses unknown fields', async () => {
    const email = newAddress()
    const problem = await expectProblem(await postSignup({ name: 'Ada', email, isAdmin: true }), 422)
    expect(problem.errors).toEqual({ isAdmin: [expect.any(String)] })
    await expectProblem(await postSignup(`{"name":"Ada","email":"${email}","__proto__":{}}`), 422)
    expect((await countRows(email)).users).toBe(0)
  })

  for (const body of ['', '{', 'Ada', '{"name":"Ada",}', new Uint8Array([0x22, 0xff, 0x22])]) {
    test(`answers 400 to the body ${JSON.stringify(body)}`, async () => {
      await expectProblem(await postSignup(body), 400)
    })
  }

  for (const body of ['null', '[]', '"Ada"', '7', '{}']) {
    test(`answers 422 to the body ${body}`, async () => {
      await expectProblem(await postSignup(body), 422)
    })
  }

  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    '',
  ]) {
    test(`answers 415 to the type "${type}"`, async () => {
      await expectProblem(
        await postSignup({ name: 'Ada', email: newAddress() }, { 'content-type': type }),
        415,
      )
    })
  }

  test('takes a type with a charset', async () => {
    const type = 'Application/JSON; Charset="UTF-8"'
    const response = await postSignup({ name: 'Ada', email: newAddress() }, { 'content-type': type })
    expect(response.status).toBe(201)
  })

  test('refuses a compressed body', async () => {
    await expectProblem(await postSignup({}, { 'content-encoding': 'gzip' }), 415)
  })

  test('refuses more than 8 KiB, announced or not', async () => {
    const body = JSON.stringify({ name: 'Ada', email: newAddress(), filler: 'x'.repeat(9_000) })
    await expectProblem(await postSignup(body), 413)
    const stream = new Blob([body]).stream()
    const response = await fetch(`${app.url}/api/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit)
    await expectProblem(response, 413)
  })

  test('answers 408 to a body that dribbles', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        `${app.url}/api/users`,
        { method: 'POST', headers: { 'content-type': 'application/json' } },
        (response) => resolve(response.resume().statusCode),
      )
      request.on('error', reject)
      request.write('{"name":')
    })
    expect(status).toBe(408)
  })

  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    test(`answers 405 to ${method}`, async () => {
      const response = await fetch(`${app.url}/api/users`, { method })
      expect(response.headers.get('allow')).toBe('POST')
      await expectProblem(response, 405)
    })
  }

  test('answers 404 as a problem', async () => {
    await expectProblem(await fetch(`${app.url}/api/nothing`), 404)
    await expectProblem(await fetch(`${app.url}/api`), 404)
  })
})

test.describe('origins', () => {
  const foreign: [string, Record<string, string>][] = [
    ['another origin', { origin: 'https://evil.example' }],
    ['the origin "null"', { origin: 'null' }],
    ['another port', { origin: 'http://localhost:1' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
  ]
  for (const [title, headers] of foreign) {
    test(`refuses ${title}`, async () => {
      const email = newAddress()
      await expectProblem(await postSignup({ name: 'Ada', email }, headers), 403)
      expect((await countRows(email)).users).toBe(0)
    })
  }

  test('believes APP_URL, not the Host of the request', async () => {
    const { port } = new URL(app.url)
    const body = JSON.stringify({ name: 'Ada', email: newAddress() })
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        host: 'evil.example',
        origin: 'http://evil.example',
      }
      httpRequest({ host: 'localhost', port, path: '/api/users', method: 'POST', headers }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on('error', reject)
        .end(body)
    })
    expect(status).toBe(403)
  })

  test('serves our own page', async () => {
    const headers = { origin: app.url, 'sec-fetch-site': 'same-origin' }
    expect((await postSignup({ name: 'Ada', email: newAddress() }, headers)).status).toBe(201)
  })
})
