import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { expect } from '@playwright/test'
import { app, newAddress, postSignup, sql } from '../app'
import { test } from '../test'

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
  // A busy server answers 503, which asks the client to retry.
  const untilServed = async (body: object): Promise<number> => {
    for (;;) {
      const { status } = await postSignup(body)
      if (status !== 503) return status
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const statuses = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      untilServed({ name: 'Ada', email: i % 2 ? email : email.toUpperCase() }),
    ),
  )
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

  // https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header: a string of RFC 9651
  test('a key in quotes is the same key, with parameters, too', async () => {
    const [key, email] = [randomUUID(), newAddress()]
    const answers = []
    for (const written of [`"${key}"`, key, `"${key.toUpperCase()}"`, `"${key}"; a=1;b="2"`]) {
      const response = await postSignup({ name: 'Ada', email }, { 'idempotency-key': written })
      expect(response.status, written).toBe(201)
      answers.push(await response.text())
    }
    expect(new Set(answers).size).toBe(1)
    expect(await countRows(email)).toEqual({ users: 1, emails: 1, events: 1, jobs: 1 })
  })

  test('a key that is not a UUID is a 400', async () => {
    const key = randomUUID()
    const malformed = [
      `"${key}`,
      `${key}"`,
      `'${key}'`,
      `""${key}""`,
      `"${key}" "${key}"`,
      `"${key}", "${key}"`,
    ]
    for (const key of ['1', 'not-a-uuid', '', '""', '"1"', ':AAAA:', ...malformed]) {
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
    ['a domain of one letter', 'Pay at x.ai'],
    ['a domain of a symbol', 'Pay at ❤️.ws'],
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

  // https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point, and what is white space.
  const unseen = [
    ...'\u00AD\u034F\u061C\u180E\u200B\u200C\u200D\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2060\u2061\u2062\u2063\u2064',
    ...'\u2066\u2067\u2068\u2069\u206A\u206F\uFE00\uFE0E\uFE0F\uFEFF\u{E0001}\u{E0061}\u{E007F}\u{E0100}',
  ]
  const blanks = [
    ...'\t\n\v\f\r \u0085\u00A0\u1680\u2000\u2007\u2009\u200A\u2028\u2029\u202F\u205F\u2800\u3000\u3164\u115F\u1160\uFFA0',
  ]

  test('lose what cannot be seen in them, at the ends and inside', async () => {
    const accept = async (email: string, canonical: string): Promise<void> => {
      const response = await postSignup({ name: 'Ada', email })
      expect(response.status, JSON.stringify(email)).toBe(201)
      expect((await response.json()).user.email).toBe(canonical)
    }
    for (const mark of unseen) {
      const local = randomUUID()
      const email = `${mark} ${local.slice(0, 8)}${mark}${local.slice(8)}${mark}@${mark}exam${mark}ple.com${mark} ${mark}`
      await accept(email, `${local}@example.com`)
    }
    for (const blank of blanks) {
      const canonical = newAddress()
      await accept(`${blank}${canonical}${blank}${blank}`, canonical)
    }
  })

  test('are refused for a gap inside, whatever made it', async () => {
    for (const blank of blanks) {
      await expectProblem(await postSignup({ name: 'Ada', email: `ada${blank}l@example.com` }), 422)
      await expectProblem(await postSignup({ name: 'Ada', email: `ada@exam${blank}ple.com` }), 422)
    }
    const nothing = await expectProblem(await postSignup({ name: 'Ada', email: unseen.join(' ') }), 422)
    expect(nothing.errors).toEqual({ email: ['Enter your email address.'] })
  })

  // Letters that resemble an ASCII letter in lower case, or become one when they are normalised.
  for (const letter of '\u212A\u212BſıİａＡ①ⅷªﬁ℡𝐚ⓐ') {
    test(`refuse ${letter} (U+${letter.codePointAt(0)?.toString(16)}) before the @`, async () => {
      const email = `${letter}da-${newAddress()}`
      const problem = await expectProblem(await postSignup({ name: 'Ada', email }), 422)
      expect(problem.errors).toEqual({ email: [expect.any(String)] })
    })
  }

  // Both ways to write a domain, by the rules of https://www.rfc-editor.org/rfc/rfc5892#appendix-A
  const allowed: [domain: string, canonical: string][] = [
    ['COL·legi.cat', 'xn--collegi-xma.cat'],
    ['α͵β.gr', 'xn--wva3je.gr'],
    ['א׳ב.il', 'xn--4dbc5h.il'],
    ['צה״ל.il', 'xn--8dbq2a9c.il'],
    ['ア・イ.jp', 'xn--ccke4x.jp'],
    ['مثال١٢.com', 'xn--mgbh0fb7lg.com'],
    ['مثال۱۲.com', 'xn--mgbh0fb77fga.com'],
    ['क्\u200Dष.com', 'xn--11b2ezcw70k.com'],
    ['क्\u200Cष.com', 'xn--11b2ezcs70k.com'],
    ['نامه\u200Cای.com', 'xn--mgba3gch31f060k.com'],
    ['straße.de', 'xn--strae-oqa.de'],
    ['việt.vn', 'xn--vit-5kz.vn'],
    ['例え。テスト', 'xn--r8jz45g.xn--zckzah'],
  ]
  for (const [domain, canonical] of allowed) {
    test(`take the domain ${domain}, and ${canonical}`, async () => {
      for (const written of [domain, canonical, canonical.toUpperCase()]) {
        const local = randomUUID()
        const response = await postSignup({ name: 'Ada', email: `${local}@${written}` })
        expect(response.status, written).toBe(201)
        expect((await response.json()).user.email).toBe(`${local}@${canonical}`)
      }
    })
  }

  const forbidden: [why: string, domain: string, punycode: string][] = [
    ['a middle dot between other letters', 'a·b.cat', 'xn--ab-0ea.cat'],
    ['a middle dot at the end', 'col·.cat', 'xn--col-nga.cat'],
    ['a keraia before another script', 'α͵b.gr', 'xn--b-jib3p.gr'],
    ['a geresh after another script', 'a׳b.il', 'xn--ab-vod.il'],
    ['a Katakana dot without Japanese', 'a・b.jp', 'xn--ab-3n4a.jp'],
    ['two kinds of Arabic digits', 'مثال١۲.com', 'xn--mgbh0fb7l49a.com'],
    ['an emoji', '💩.la', 'xn--ls8h.la'],
    ['a symbol', 'i♥ny.com', 'xn--iny-zx5a.com'],
    ['a fraction', 'a½.com', 'xn--a12-pt0a.com'],
    ['a kashida', 'مـثال.com', 'xn--mgbh6dsab.com'],
    ['old Hangul', 'ᄀ.com', 'xn--ypd.com'],
    ['a mark for symbols', 'a⃝b.com', 'xn--ab-gku.com'],
    ['a hyphen at the end', 'é-.com', 'xn----9fa.com'],
    ['two hyphens in the third place', 'ab--é.com', 'xn--ab---epa.com'],
    ['an underscore', 'a_é.com', 'xn--a_-cja.com'],
  ]
  for (const [why, domain, punycode] of forbidden) {
    test(`refuse a domain for ${why}: ${domain}, and ${punycode}`, async () => {
      for (const written of [domain, punycode]) {
        const problem = await expectProblem(await postSignup({ name: 'Ada', email: `ada@${written}` }), 422)
        expect(problem.errors).toEqual({ email: [expect.any(String)] })
      }
    })
  }

  // Invalid labels: a joiner without a meaning, plain ASCII, nothing, and labels that cannot be decoded.
  for (const label of ['xn--ab-j1t', 'xn--example-', 'xn--', 'xn--a', 'xn--xn--a-', 'xn--zzzzzzzzzz99999']) {
    test(`refuse ${label}`, async () => {
      await expectProblem(await postSignup({ name: 'Ada', email: `ada@${label}.com` }), 422)
    })
  }

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
    // The answer to many of them is not much larger than the request.
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}`, i])))
    const answer = await (await postSignup(many)).text()
    expect(answer.length).toBeLessThan(2 * many.length)
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

  // https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1
  for (const type of [
    'application/json;',
    'application/json ; ',
    'application/json;;charset=utf-8;',
    'application/json; charset=utf-8',
    'Application/JSON; Charset="UTF-8"',
    'application/json;charset=utf8',
    'application/json; profile="https://example.com/a;b"; charset=utf-8',
    'application/json; odata.metadata=minimal',
    'APPLICATION/JSON;VERSION=1',
  ]) {
    test(`takes the type "${type}"`, async () => {
      const response = await postSignup({ name: 'Ada', email: newAddress() }, { 'content-type': type })
      expect(response.status).toBe(201)
    })
  }

  for (const type of [
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'application/problem+json',
    'application/json, text/plain',
    'application/json charset=utf-8',
    'application/json; charset=latin1',
    'application/json; charset="utf-16"',
    'application/json; charset=no-such-charset',
    'application/json; version=1; charset=iso-8859-1',
    ';application/json',
    '',
  ]) {
    test(`answers 415 to the type "${type}"`, async () => {
      await expectProblem(
        await postSignup({ name: 'Ada', email: newAddress() }, { 'content-type': type }),
        415,
      )
    })
  }

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

/** Signs up as a page of `origin` does, at the server under the name `host`. @returns the status of the answer */
function signUpFrom(host: string, origin: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json', host, origin: `http://${origin}` }
  const { port } = new URL(app.url)
  return new Promise((resolve, reject) => {
    httpRequest({ host: 'localhost', port, path: '/api/users', method: 'POST', headers }, (response) =>
      resolve(response.resume().statusCode),
    )
      .on('error', reject)
      .end(JSON.stringify({ name: 'Ada', email: newAddress() }))
  })
}

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
    expect(await signUpFrom('evil.example', 'evil.example')).toBe(403)
  })

  test('serves our own page', async () => {
    const headers = { origin: app.url, 'sec-fetch-site': 'same-origin' }
    expect((await postSignup({ name: 'Ada', email: newAddress() }, headers)).status).toBe(201)
  })

  test('serves our own page under each name of this computer', async () => {
    const { port } = new URL(app.url)
    for (const name of ['127.0.0.1', '127.0.0.2', '[::1]', 'app.localhost']) {
      const host = `${name}:${port}`
      expect(await signUpFrom(host, host), name).toBe(201)
      expect(await signUpFrom(host, `${name}:1`), `${name}, another port`).toBe(403)
      expect(await signUpFrom(host, `other.localhost:${port}`), `${name}, another name`).toBe(403)
    }
  })
})
