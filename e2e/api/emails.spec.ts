import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { expect } from '@playwright/test'
import type { Snapshot } from '@/lib/status/status'
import { listRoutes } from '../../sandbox/routes'
import { app, isDelivered, readEvents, readStream, signUp, sql, waitForSnapshot } from '../app'
import { test } from '../test'

test('a snapshot never tells a name or an address', async () => {
  const { id } = await signUp()
  await waitForSnapshot(id, isDelivered)
  const text = await (await fetch(`${app.url}/api/emails/${id}`)).text()
  expect(JSON.parse(text)).toMatchObject({ id, status: 'delivered', attempts: 1, final: true })
  expect(text).not.toContain('@')
  expect(text).not.toContain('Ada')
})

test('the stream tells every step up to the final one', async () => {
  const { id } = await signUp()
  const snapshots = []
  for await (const snapshot of readStream(`${app.url}/api/emails/${id}/events`)) {
    snapshots.push(snapshot)
    if (snapshot.final) break
  }
  const last = snapshots.at(-1)
  expect(last).toMatchObject({ status: 'delivered', final: true })
  expect(last?.timeline.map((entry) => entry.status)).toEqual(['queued', 'sending', 'sent', 'delivered'])
  const versions = snapshots.map((snapshot) => snapshot.version)
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
})

test('the stream goes on after the delivery, and ends with a complaint', async () => {
  const { id } = await signUp(`complained+${randomUUID()}@resend.dev`)
  const events: string[] = []
  for await (const { event, data } of readEvents(`${app.url}/api/emails/${id}/events`))
    events.push(event === 'email' ? (data as Snapshot).status : event)
  expect(events.slice(-2)).toEqual(['complained', 'over'])
})

test('streams that break off together do not come back together', async () => {
  const { id } = await signUp()
  const open = async (): Promise<{ retryMs: number; close: () => Promise<void> }> => {
    const { body } = await fetch(`${app.url}/api/emails/${id}/events`)
    const reader = body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    const [, ms] = /^retry: (\d+)$/m.exec(new TextDecoder().decode(value)) ?? []
    return { retryMs: Number(ms), close: async () => void (await reader?.cancel()) }
  }
  const streams = await Promise.all(Array.from({ length: 15 }, open))
  await Promise.all(streams.map(({ close }) => close()))
  const times = streams.map(({ retryMs }) => retryMs)
  expect(Math.min(...times)).toBeGreaterThanOrEqual(1_000)
  expect(new Set(times).size, `${times}`).toBeGreaterThan(5)
})

test('a reconnect a minute after the final snapshot is a 204', async () => {
  const { id } = await signUp()
  const { version } = await waitForSnapshot(id, isDelivered)
  const stream = `${app.url}/api/emails/${id}/events`
  const leaving = new AbortController()
  const early = await fetch(stream, { headers: { 'last-event-id': `${version}` }, signal: leaving.signal })
  expect(early.status).toBe(200)
  leaving.abort()
  // A late "sent" of the worker begins the minute anew.
  await expect(async () => {
    await sql(`UPDATE "Email" SET "updatedAt" = now() - interval '1 minute' WHERE id = $1`, [id])
    const again = await fetch(stream, { headers: { 'last-event-id': String(version) } })
    await again.body?.cancel()
    expect(again.status).toBe(204)
  }).toPass()
  // A client that missed the end still gets it.
  const late = await fetch(stream, { headers: { 'last-event-id': '1' } })
  expect(late.status).toBe(200)
  expect(await late.text()).toContain('"final":true')
})

test('the stream announces a change by any writer', async () => {
  const { id } = await signUp()
  await waitForSnapshot(id, isDelivered)
  const { id: other } = await signUp()
  await waitForSnapshot(other, isDelivered)
  // As a person in psql might.
  await sql(`UPDATE "Email" SET status = 'sent' WHERE id = $1`, [id])
  const waiting = waitForSnapshot(id, (snapshot) => snapshot.status === 'complained')
  await sql(
    `WITH complaint AS (INSERT INTO "EmailEvent" ("emailId", status) VALUES ($1, 'complained'))
     UPDATE "Email" SET status = 'complained' WHERE id = $1`,
    [id],
  )
  expect((await waiting).final).toBe(true)
})

test('has headers that no proxy buffers, and answers HEAD', async () => {
  const { id } = await signUp()
  const response = await fetch(`${app.url}/api/emails/${id}/events`, { method: 'HEAD' })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
  expect(response.headers.get('x-accel-buffering')).toBe('no')
})

for (const [index, id] of [randomUUID(), '1', 'x'.repeat(300), "';--"].entries()) {
  test(`answers 404 to an unknown id (${index})`, async () => {
    for (const path of ['', '/events']) {
      const response = await fetch(`${app.url}/api/emails/${encodeURIComponent(id)}${path}`)
      expect(response.status).toBe(404)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
    }
  })
}

test('a path that cannot be decoded is a 404, of pages too', async () => {
  for (const path of ['api/emails/%', 'api/emails/%E0%A4%A', 'tickets/%', '100%']) {
    const response = await fetch(`${app.url}/${path}`)
    const type = path.startsWith('api') ? 'application/problem+json' : 'text/html; charset=utf-8'
    expect([response.status, response.headers.get('content-type')], path).toEqual([404, type])
  }
})

test('an unusual method is answered as OPTIONS is: a 405 with Allow', async () => {
  const ask = async (path: string, method: string): Promise<unknown> => {
    const [answer] = await once(request(app.url + path, { method }).end(), 'response')
    answer.resume()
    expect(answer.headers['x-request-id'], `${method} ${path}`).toBeTruthy()
    return [answer.statusCode, answer.headers['content-type'], answer.headers.allow]
  }
  expect(await ask('/api/users', 'PROPFIND')).toEqual([405, 'application/problem+json', 'POST'])
  for (const path of await listRoutes()) {
    const expected = await ask(path, 'OPTIONS')
    for (const method of ['TRACE', 'PROPFIND', 'SEARCH', 'PURGE'])
      expect(await ask(path, method), `${method} ${path}`).toEqual(expected)
  }
})

test('answers 405 to other methods', async () => {
  for (const path of [`emails/${randomUUID()}`, `emails/${randomUUID()}/events`, 'health']) {
    const response = await fetch(`${app.url}/api/${path}`, { method: 'POST' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD')
  }
})

test('health tells what works', async () => {
  const response = await fetch(`${app.url}/api/health`)
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({
    database: 'up',
    workers: expect.any(Number),
    queued: expect.any(Number),
    failed: expect.any(Number),
    failedJobs: expect.any(Object),
    unserved: {},
    stranded: 0,
    repaired: expect.any(Number),
    attention: null,
    paused: null,
    oldest: expect.any(Number),
    perSecond: 10,
  })
})
