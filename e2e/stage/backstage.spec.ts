import { randomUUID } from 'node:crypto'
import { expect, type Locator, type Page } from '@playwright/test'
import { newAddress, signUp } from '../app'
import { addOldQueue, hurry, hurryHeartbeats, limitAttempts, signUpMany } from '../faults/steps'
import { expectUsable, findViolations } from '../pages/accessibility'
import { listenForComplaints } from '../pages/person'
import { test } from '../pages/test'
import { translate } from '../pages/translate'
import type { Stack } from '../stack'

/** One of the large numbers. */
function figure(page: Page, label: string): Locator {
  return page
    .getByRole('term')
    .filter({ hasText: new RegExp(`^${label}`) })
    .locator('..')
    .getByRole('definition')
}

async function expectFigures(page: Page, figures: Record<string, number>): Promise<void> {
  for (const [label, value] of Object.entries(figures))
    await expect(figure(page, label)).toHaveText(`${value}`)
}

const jobsOn = (page: Page): Locator =>
  page.getByRole('region', { name: 'Latest jobs' }).getByRole('listitem')
const workersOn = (page: Page): Locator => page.getByRole('list', { name: 'Workers at work' })
const deadOn = (page: Page): Locator => page.getByRole('region', { name: 'Given up' })

const orderOf = (id: string): string => id.slice(0, 8).toUpperCase()

/** Opens the page and waits until it knows what is going on. */
async function openBackstage(page: Page): Promise<void> {
  await page.goto('/backstage')
  await expect(figure(page, 'waiting')).toHaveText(/\d/)
}

/** How many pixels of the picture are not empty. */
function countInk(page: Page): Promise<number> {
  return page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, index) => index % 4 === 3 && value > 0).length
  })
}

/** Pauses the account for this many seconds. */
function pauseAccount(stack: Stack, reason: string, seconds: number): Promise<unknown> {
  return stack.query(
    `INSERT INTO "Pace" (account, "nextTurnAt", reason) VALUES ('resend', now() + $2 * interval '1 s', $1)
     ON CONFLICT (account) DO UPDATE SET "nextTurnAt" = excluded."nextTurnAt", reason = excluded.reason`,
    [reason, seconds],
  )
}

/** Signs up users whose mail is given up. */
async function failMany(stack: Stack, count: number): Promise<string[]> {
  await stack.setProvider({ mode: 'invalid' })
  const ids = await signUpMany(stack, count)
  return ids
}

test('a signup shows up, is worked on, and ends in Done', async ({ stack, page }) => {
  const complaints = listenForComplaints(page)
  await openBackstage(page)
  await expectFigures(page, { waiting: 0, retrying: 0, 'in work': 0, 'given up': 0, sent: 0 })
  const { id } = await signUp(newAddress(), stack.appUrl)
  await expect(jobsOn(page)).toHaveText([new RegExp(`${orderOf(id)}.*queued`)])
  await expect(figure(page, 'each waited')).toHaveText(/^[\d.,]+ m?s$/)
  await expectFigures(page, { waiting: 1 })

  await stack.setProvider({ mode: 'hang' })
  const worker = await stack.startWorker()
  await expect(jobsOn(page)).toHaveText([/sending.*1 try/])
  await expectFigures(page, { waiting: 0, 'in work': 1 })
  await worker.kill('SIGKILL')
  await stack.setProvider({ mode: 'ok' })
  await hurryHeartbeats(stack)
  await stack.startWorker()
  await expect(jobsOn(page)).toHaveText([/delivered/])
  await expectFigures(page, { waiting: 0, 'in work': 0, sent: 1 })
  await jobsOn(page).getByRole('link').click()
  await expect(page).toHaveURL(`/tickets/${id}/behind`)
  expect(complaints).toEqual([])
})

test('in an outage the jobs try again, and say why; when the mail service works they are done', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await openBackstage(page)
  await page.getByRole('radio', { name: 'outage' }).check({ force: true })
  await expect
    .poll(async () => (await stack.setProvider({})) as { mode?: string })
    .toMatchObject({ mode: 'outage' })
  await page.getByRole('button', { name: 'Send 10 demo signups' }).click()
  await expect(jobsOn(page).filter({ hasText: 'The mail service is down.' }).first()).toBeVisible()
  await expect(page.getByText('No mail goes out.')).toBeVisible()
  await expectFigures(page, { sent: 0 })
  await page.getByRole('radio', { name: 'works' }).check({ force: true })
  await expect
    .poll(async () => (await stack.setProvider({})) as { mode?: string })
    .toMatchObject({ mode: 'ok' })
  await hurry(stack, () => expectFigures(page, { sent: 10, retrying: 0 }))
})

test('what was given up goes out again: one, and then all', { tag: '@long' }, async ({ stack, page }) => {
  await failMany(stack, 3)
  await stack.startWorker()
  await openBackstage(page)
  await expectFigures(page, { 'given up': 3 })
  await expect(deadOn(page).getByRole('listitem')).toHaveCount(3)
  await expect(deadOn(page).getByRole('listitem').first()).toContainText('doesn’t accept this email')
  await stack.setProvider({ mode: 'ok' })
  await deadOn(page)
    .getByRole('button', { name: /^Send again: [0-9A-F]{8}$/ })
    .first()
    .click()
  await expect(deadOn(page)).toContainText('1 is back in the queue.')
  await expect(deadOn(page).getByRole('heading', { name: 'Given up' })).toBeFocused()
  await expectFigures(page, { 'given up': 2, sent: 1 })
  await deadOn(page).getByRole('button', { name: 'Send all again' }).click()
  await expect(deadOn(page)).toContainText('2 are back in the queue.')
  await expectFigures(page, { 'given up': 0, sent: 3 })
  await expect(deadOn(page).getByRole('button')).toHaveCount(0)
})

test('a given-up job of an old queue has a command instead of a button', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await addOldQueue(stack)
  try {
    await openBackstage(page)
    await expectFigures(page, { 'given up': 1 })
    await expect(deadOn(page).getByRole('list', { name: 'Other jobs' })).toHaveText(
      'old-queue: 1 job of a queue that is not in lib/queue.ts. Remedy: npm run queues -- move old-queue NEW-QUEUE',
    )
    await expect(deadOn(page).getByRole('button')).toHaveCount(0)
    await expectUsable(page)
  } finally {
    await stack.command('queues', 'delete', 'old-queue')
  }
})

test('what might be sent twice is left alone, and the page says so', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await stack.setProvider({ mode: 'garbage' })
  await signUp(newAddress(), stack.appUrl)
  await stack.startWorker()
  await openBackstage(page)
  await expectFigures(page, { retrying: 1 })
  await limitAttempts(stack, 1)
  await hurry(stack, () => expectFigures(page, { 'given up': 1 }))
  await stack.query(`UPDATE "Batch" SET "createdAt" = "createdAt" - interval '1 day'`)
  await deadOn(page).getByRole('button', { name: 'Send all again' }).click()
  await expect(deadOn(page)).toContainText('1 was left alone: might be sent twice')
  await expectFigures(page, { 'given up': 1, waiting: 0 })
})

test('workers come and go before everybody’s eyes', { tag: '@long' }, async ({ stack, page }) => {
  await openBackstage(page)
  await expect(page.getByRole('heading', { name: 'No worker' })).toBeVisible()
  const first = await stack.startWorker()
  await expect(workersOn(page).getByRole('listitem')).toHaveText([new RegExp(`^${first.pid}@`)])
  const second = await stack.startWorker()
  await expect(page.getByRole('heading', { name: '2 workers' })).toBeVisible()
  await expect(workersOn(page)).toContainText(`${second.pid}@`)
  await first.kill('SIGKILL')
  await expect(workersOn(page).getByRole('listitem')).toHaveText([new RegExp(`^${second.pid}@`)])
  await second.kill('SIGTERM')
  await expect(workersOn(page)).toContainText('No worker is running.')
})

test('a hundred demo signups all go out, and the few that mistyped their address come back', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await openBackstage(page)
  await page.getByRole('button', { name: 'Send 100 demo signups' }).click()
  await expect(page.getByRole('status').filter({ hasText: /^100 people have signed up\.$/ })).toBeAttached()
  await expect(figure(page, 'each waited')).toHaveText(/^[\d.,]+ m?s$/)
  await expect(figure(page, 'sent')).toHaveText('100')
  await expect(page.getByText(/100 in a minute$/)).toBeVisible()
  await expectFigures(page, { waiting: 0, 'in work': 0, retrying: 0, 'given up': 0 })
  await expect(page.getByText('sent, 4 bounced')).toBeVisible()
})

test('on stage: one screen, large type, few buttons, and the picture tells who works and why nothing goes out', {
  tag: '@long',
}, async ({ stack, page }) => {
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.goto('/backstage?stage')
  const picture = page.locator('div:has(> canvas)')
  await expect(picture).toContainText('No worker is running.')
  expect((await picture.boundingBox())?.height).toBeGreaterThanOrEqual(360)
  await page.getByRole('button', { name: 'Send 100 demo signups' }).click()
  await expectFigures(page, { waiting: 100 })
  expect(await stack.query(`SELECT FROM "User" WHERE email LIKE 'bounced%'`)).toEqual([])

  await stack.setProvider({ mode: 'hang' })
  const worker = await stack.startWorker()
  await expect(picture.getByText(`${worker.pid}`)).toBeVisible()
  await expect(picture).not.toContainText('No worker is running.')
  await expectFigures(page, { 'in work': 100 })
  await worker.kill('SIGKILL')
  await expect(picture).toContainText('gone')
  await expect(picture).toContainText('No worker is running.')
  await pauseAccount(stack, 'service_unavailable', 90)
  await expect(picture).toContainText(/The mail service is down\. The gate is shut\. ?Next try in \d+ s\./)

  await expect(page.locator('label:has([name=weather]):visible')).toHaveText(['works', 'outage', 'limit'])
  await expect(jobsOn(page)).toHaveCount(0)
  expect(await findSmallType(page)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBe(720)
  expect(await findViolations(page)).toEqual([])
})

/** Returns the texts that are too small for the back row. */
function findSmallType(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isText = ({ childNodes }: Element): boolean =>
      [...childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim())
    const isSmall = (element: Element): boolean => Number.parseFloat(getComputedStyle(element).fontSize) < 20
    return [...document.querySelectorAll('body *')]
      .filter((element) => element.checkVisibility() && isText(element) && isSmall(element))
      .filter((element) => !element.closest('.sr-only, .stage\\:sr-only'))
      .map(({ textContent }) => `${textContent}`)
  })
}

/** A message of the stream in which each number is `of` and something. */
function makeNews(of: number, paused: object | null): object {
  const email = { id: randomUUID(), status: 'failed', attempts: of, reason: null }
  return {
    now: { waiting: of + 1, retrying: of + 2, working: of + 3, failed: of + 4 },
    stranded: of && of + 5,
    sent: { total: of + 6, bounced: of && of + 7, perSecond: [of + 8, of + 9] },
    ...{
      waitedMs: of + 10,
      times: { waited: [of, of], took: [of, of] },
      paused,
      workers: [],
      latest: [email],
    },
    ...{ dead: [email], failedJobs: of ? { 'make-thumbnail': of } : {} },
    weather: { mode: 'ok', latencyMs: 100, rateLimit: of + 11 },
  }
}

test('a page that the browser translates keeps up: each number, and why nothing goes out', async ({
  page,
}) => {
  let news = makeNews(100, { reason: 'service_unavailable', until: new Date(Date.now() + 60_000) })
  await page.route('/api/backstage/events', (route) => {
    const body = `retry: 100\nevent: backstage\ndata: ${JSON.stringify(news)}\n\n`
    return route.fulfill({ contentType: 'text/event-stream', body })
  })
  await page.goto('/backstage')
  const complaints = await translate(page)
  const [numbers, labels] = [page.getByRole('definition'), page.getByRole('term')]
  const why = page.getByRole('status').filter({ hasText: 'NO MAIL GOES OUT.' })
  await expect(labels).toHaveText([
    'EACH WAITED',
    'WAITING, 105 STRANDED',
    'RETRYING',
    'IN WORK',
    'GIVEN UP',
    'SENT, 107 BOUNCED',
  ])
  await expect(why).toHaveText(/THE MAIL SERVICE IS DOWN\. NEXT TRY IN \d+ S\.$/)
  await expect(deadOn(page)).toContainText('MAKE-THUMBNAIL: 100 JOBS')

  news = makeNews(200, { reason: 'paused_by_operator', until: null })
  await expect(labels).toHaveText([
    'EACH WAITED',
    'WAITING, 205 STRANDED',
    'RETRYING',
    'IN WORK',
    'GIVEN UP',
    'SENT, 207 BOUNCED',
  ])
  await expect(numbers).toHaveText(['210 MS', '201', '202', '203', '404', '206'])
  await expect(why).not.toContainText('NEXT TRY')
  await expect(deadOn(page)).toContainText('MAKE-THUMBNAIL: 200 JOBS')
  await expect(deadOn(page)).toContainText('THESE ARE THE LAST 1 OF 204.')
  await expect(page.getByText('NOW 209 · MOST 209 · 417 IN A MINUTE')).toBeVisible()
  await expect(page.getByText('211 REQUESTS/S')).toBeVisible()

  news = makeNews(0, null)
  await expect(labels).toHaveText(['EACH WAITED', 'WAITING', 'RETRYING', 'IN WORK', 'GIVEN UP', 'SENT'])
  await expect(why).toHaveCount(0)
  expect(complaints).toEqual([])
})

test('a change of the weather on another page shows', async ({ stack, page }) => {
  await openBackstage(page)
  await expect(page.getByRole('radio', { name: 'works' })).toBeChecked()
  await stack.setProvider({ mode: 'rate-limit', latencyMs: 1_500 })
  await expect(page.getByRole('radio', { name: 'limit' })).toBeChecked()
  await expect(page.getByRole('slider')).toHaveValue('1500')
  await expect(page.locator('output', { hasText: '1.5 s' })).toBeVisible()
})

test('why nothing goes out, and when it goes on', { tag: '@long' }, async ({ stack, page }) => {
  await openBackstage(page)
  await expect(page.getByText('No mail goes out.')).toBeHidden()
  try {
    await pauseAccount(stack, 'restricted_api_key', 3600)
    const status = page.getByRole('status').filter({ hasText: 'No mail goes out.' })
    await expect(status).toHaveText(/doesn’t accept our account.* Next try in \d+ min\./)
    await expectUsable(page)
    await pauseAccount(stack, 'daily_quota_exceeded', 90)
    await expect(status).toHaveText(/Today’s allowance of mail is used up\. Next try in \d+ s\./)
  } finally {
    await stack.query('DELETE FROM "Pace"')
  }
  await expect(page.getByText('No mail goes out.')).toBeHidden()
})

test('a backlog beyond counting', { tag: '@long' }, async ({ stack, page }) => {
  await stack.query(
    `WITH person AS (
       INSERT INTO "User" (name, email) SELECT 'Ada', gen_random_uuid() || '@example.com' FROM generate_series(1, 10001)
       RETURNING id
     )
     INSERT INTO "Email" ("userId", kind) SELECT id, 'welcome' FROM person`,
  )
  await openBackstage(page)
  await expect(figure(page, 'waiting')).toHaveText('10,000+')
  // An area, not dots.
  await expect.poll(() => countInk(page)).toBeGreaterThan(30_000)
})

test('a lost database is told, and the page carries on when it is back', async ({ stack, page }) => {
  await openBackstage(page)
  await stack.withoutPostgres(() =>
    expect(page.getByText('The connection is lost. We try again.')).toBeVisible(),
  )
  await expect(page.getByText('The connection is lost. We try again.')).toBeHidden()
  await signUp(newAddress(), stack.appUrl)
  await expectFigures(page, { waiting: 1 })
})

test('signups that are deleted disappear', async ({ stack, page }) => {
  await signUpMany(stack, 3)
  await openBackstage(page)
  await expectFigures(page, { waiting: 3 })
  await stack.query('DELETE FROM "User"')
  await expectFigures(page, { waiting: 0 })
  await expect(jobsOn(page)).toHaveCount(0)
})

test('the dots are drawn, travel, and rest when there is nothing to do', async ({ stack, page }) => {
  await openBackstage(page)
  expect(await countInk(page)).toBe(0)
  await signUpMany(stack, 5)
  await expect.poll(() => countInk(page)).toBeGreaterThan(500)
  // Five dots that stand in the queue.
  await expect
    .poll(async () => {
      const before = await page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL())
      const after = await page
        .locator('canvas')
        .evaluate(
          (canvas: HTMLCanvasElement) =>
            new Promise<string>((resolve) =>
              requestAnimationFrame(() => requestAnimationFrame(() => resolve(canvas.toDataURL()))),
            ),
        )
      return before === after
    })
    .toBe(true)
})

test('a ghost run shows the way of a job while there is none', async ({ stack, page }) => {
  await openBackstage(page)
  const ghosts = page.locator('.ghost-dot')
  await expect(ghosts).toHaveCount(5)
  await expect(ghosts.first()).not.toHaveCSS('animation-name', 'none')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await expect(ghosts.first()).toHaveCSS('animation-name', 'none')
  await expect(ghosts.first()).toHaveCSS('opacity', '1')
  await stack.setProvider({ mode: 'hang' })
  await signUpMany(stack, 1)
  await expect(ghosts).toHaveCount(0)
})

test('for those who prefer less motion the dots stand at once where they belong', async ({ stack, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await openBackstage(page)
  await signUpMany(stack, 1)
  // The first picture with anything on it, and the one ten frames later.
  const [first, later] = await page.locator('canvas').evaluate(async (canvas: HTMLCanvasElement) => {
    const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const empty = document.createElement('canvas')
    Object.assign(empty, { width: canvas.width, height: canvas.height })
    while (canvas.toDataURL() === empty.toDataURL()) await nextFrame()
    const first = canvas.toDataURL()
    for (let frame = 0; frame < 10; frame++) await nextFrame()
    return [first, canvas.toDataURL()]
  })
  expect(later).toBe(first)
})

test('a click on a dot leads to the trace of its mail', async ({ stack, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await openBackstage(page)
  const [id = ''] = await signUpMany(stack, 1)
  await expect.poll(() => countInk(page)).toBeGreaterThan(0)
  const { x = 0, y = 0 } = (await page.locator('canvas').boundingBox()) ?? {}
  const dot = await page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height)
    const inked = [...data.keys()].filter((at) => at % 4 === 3 && data[at]).map((at) => (at - 3) / 4)
    const middle = inked[inked.length >> 1] ?? 0
    return { x: middle % canvas.width, y: Math.floor(middle / canvas.width) }
  })
  await page.mouse.click(x + dot.x, y + dot.y)
  await expect(page).toHaveURL(`/tickets/${id.slice(0, 8)}/behind`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Behind this ticket.')
})

test('by keyboard alone: signups, weather, and the answer time', async ({ stack, page }) => {
  await openBackstage(page)
  await page.getByRole('link', { name: 'Inbox' }).focus()
  const { keyboard } = page
  await keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Stop all mail' })).toBeFocused()
  for (const count of ['1', '10', '100']) {
    await keyboard.press('Tab')
    await expect(page.getByRole('button', { name: new RegExp(`^Send ${count} demo`) })).toBeFocused()
    if (count === '10') await keyboard.press('Enter')
  }
  await expectFigures(page, { waiting: 10 })
  await keyboard.press('Tab')
  await expect(page.getByRole('radio', { name: 'works' })).toBeFocused()
  await keyboard.press('ArrowRight')
  await expect(page.getByRole('radio', { name: 'slow' })).toBeChecked()
  await expect
    .poll(async () => (await stack.setProvider({})) as { mode?: string })
    .toMatchObject({ mode: 'slow' })
  await keyboard.press('Tab')
  await expect(page.getByRole('slider')).toBeFocused()
  await keyboard.press('End')
  await expect
    .poll(async () => (await stack.setProvider({})) as { latencyMs?: number })
    .toMatchObject({ latencyMs: 5_000 })
  await expect(page.getByText('5.0 s')).toBeVisible()
})

test('no violations by day and night, and no sideways scroll on a phone', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await failMany(stack, 2)
  const worker = await stack.startWorker()
  await openBackstage(page)
  await expectFigures(page, { 'given up': 2 })
  await worker.kill('SIGTERM')
  await stack.setProvider({ mode: 'outage' })
  await page.getByRole('button', { name: 'Send 10 demo signups' }).click()
  await expectFigures(page, { waiting: 10 })
  await expectUsable(page)
})

test('has a title, one h1, and is not for search engines', async ({ page }) => {
  await openBackstage(page)
  await expect(page).toHaveTitle('Backstage · Behind the Scenes')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Backstage')
  await expect(page.getByText('A dot is a job, one mail to send')).toBeVisible()
  await expect(page.locator('meta[name=robots]')).toHaveAttribute('content', /noindex/)
})

test('outside the sandbox the browser sends the token with the page and with its stream, and the weather cannot be changed', {
  tag: '@long',
}, async ({ stack, browser }) => {
  const { url } = await stack.startWeb({
    env: { RESEND_API_KEY: 're_real', BACKSTAGE_TOKEN: 'a-token-for-the-crew' },
  })
  const page = await browser.newPage({
    httpCredentials: { username: 'anybody', password: 'a-token-for-the-crew' },
  })
  await page.goto(`${url}/backstage`)
  await expect(figure(page, 'waiting')).toHaveText('0')
  await signUp(newAddress(), url)
  await expect(figure(page, 'waiting')).toHaveText('1')
  await expect(page.getByRole('radio')).toHaveCount(0)
  await expect(page.getByRole('button', { name: /demo/ })).toHaveCount(0)
  expect(await findViolations(page)).toEqual([])
  await page.close()
})
