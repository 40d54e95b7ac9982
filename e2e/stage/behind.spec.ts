import { expect } from '@playwright/test'
import { app, newAddress, sql } from '../app'
import { findViolations } from '../pages/accessibility'
import { expectDelivered, listenForComplaints, signUpByHand } from '../pages/person'
import { test } from '../test'
import { follow } from './follow'

test('behind the ticket is one trace, from the request to the report', async ({ page, browser }) => {
  const complaints = listenForComplaints(page)
  const id = await signUpByHand(page)
  await expectDelivered(page)
  await follow(page, 'Behind this ticket')
  await expect(page).toHaveTitle('Behind this ticket · Behind the Scenes')
  // The ticket has said how long the person waited, which is longer: one thing, one number.
  await expect(page.getByText('The server answered in')).toContainText(/\d m?s/)
  await expect(page.getByText('You waited')).toHaveCount(0)
  const steps = page.getByRole('region', { name: /^Trace/ }).getByRole('listitem')
  // It comes in parts, from two processes.
  await expect(steps.filter({ hasText: 'Webhook: delivered' })).toBeVisible()
  for (const [index, step] of [
    'The request web',
    'One transaction web',
    'Job queued web',
    'Waits queue',
    // Unless another user's earlier job has taken the mail along.
    '(The job|Waits for its turn) worker',
  ].entries())
    await expect(steps.nth(index)).toContainText(new RegExp(`${step}.*\\d m?s`))
  for (const step of ['Waits for its turn worker', 'Batch written down worker', 'Attempt 1 Resend'])
    await expect(steps.filter({ hasText: step })).toHaveCount(1)

  // The last picture of the stage.
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.keyboard.press('Alt+Shift+KeyS')
  await expect(page.getByText('Say “got it” at once. Do the slow work behind the scenes.')).toBeInViewport({
    ratio: 1,
  })
  await page.keyboard.press('Alt+Shift+KeyS')

  await page.setViewportSize({ width: 390, height: 800 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  expect(await findViolations(page)).toEqual([])
  expect(complaints).toEqual([])
  const stranger = await browser.newPage()
  await stranger.goto(`/tickets/${id}`)
  await expect(stranger.getByRole('link', { name: 'Read the email' })).toBeVisible()
  await expect(stranger.getByRole('link', { name: 'Behind this ticket' })).toHaveCount(0)
  await stranger.close()
})

test('the parts of a step stand under it even if the clocks tie, and backoff is a wait', async ({ page }) => {
  const [email] = await sql<{ id: string }>(
    `WITH person AS (INSERT INTO "User" (name, email) VALUES ('Ada', $1) RETURNING id)
     INSERT INTO "Email" ("userId", kind, status) SELECT id, 'welcome', 'delivered' FROM person RETURNING id`,
    [newAddress()],
  )
  const id = email?.id ?? ''
  // As they may arrive: the last first.
  await sendSpans(id, [
    { name: 'process retry-batch', spanId: 'again', ms: [2_020, 2_040] },
    { name: 'insert retry-batch', spanId: 'plan', parentSpanId: 'job', ms: [20, 21] },
    { name: 'send emails/batch', spanId: 'send', parentSpanId: 'job', ms: [10, 20], reason: 'timeout' },
    { name: 'process send-email', spanId: 'job', parentSpanId: 'insert', ms: [10, 12] },
    { name: 'insert send-email', spanId: 'insert', parentSpanId: 'commit', ms: [0, 5] },
    { name: 'commit', spanId: 'commit', parentSpanId: 'request', ms: [0, 5] },
    { name: 'executing api route (app) /api/users', spanId: 'request', ms: [0, 5] },
  ])
  // The presenter may see any, and may shorten its id as it is printed.
  await page.goto(`/tickets/${id.slice(0, 8).toUpperCase()}/behind`)
  await expect(page.getByRole('region', { name: /^Trace/ }).getByRole('listitem')).toHaveText([
    /^The request/,
    /^One transaction/,
    /^Job queued/,
    /^Waits .*5 ms$/,
    /^The job worker 4711/,
    /^Attempt 1 Resend ?✕ The mail service didn’t answer in time\./,
    /^Next try planned/,
    /^Waits to try again .*2\.0 s$/,
    /^Another attempt/,
  ])
})

type Span = {
  name: string
  spanId: string
  parentSpanId?: string
  ms: [from: number, to: number]
  reason?: string
}

/** Sends spans about an email to the sandbox's collector. */
async function sendSpans(emailId: string, spans: Span[]): Promise<void> {
  const traceId = emailId.replaceAll('-', '')
  const value = { arrayValue: { values: [{ stringValue: emailId }] } }
  const resource = { attributes: [{ key: 'process.pid', value: { intValue: 4711 } }] }
  const toNano = (ms: number): string => `${BigInt(1_700_000_000_000 + ms) * 1_000_000n}`
  const all = spans.map(({ ms: [from, to], reason = '', ...span }) => ({
    ...span,
    traceId,
    attributes: [
      { key: 'email.ids', value },
      ...(reason ? [{ key: 'error.type', value: { stringValue: reason } }] : []),
    ],
    ...{ startTimeUnixNano: toNano(from), endTimeUnixNano: toNano(to) },
  }))
  const answer = await fetch(`${app.env().OTEL_EXPORTER_OTLP_ENDPOINT}/v1/traces`, {
    method: 'POST',
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: all }] }] }),
  })
  expect(answer.status).toBe(200)
}
