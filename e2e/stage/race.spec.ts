import { expect, type Locator, type Page } from '@playwright/test'
import { expectUsable } from '../pages/accessibility'
import { listenForComplaints } from '../pages/person'
import { test } from '../pages/test'
import { translate } from '../pages/translate'
import type { Stack } from '../stack'

const inline = (page: Page): Locator => page.getByRole('region', { name: 'Mail sent inside the request' })
const background = (page: Page): Locator =>
  page.getByRole('region', { name: 'Mail sent by a background job' })
const start = (page: Page): Locator => page.getByRole('button', { name: 'Press both' })

/** It depends on the other lane, and there the mail service may be late when the computer is busy. */
const ALL_HAVE_MAIL = /Twenty mails were delivered|All twenty are in, and have their mail/

async function countUsers(stack: Stack): Promise<number> {
  const [row] = await stack.query<{ count: number }>('SELECT count(*)::int FROM "User"')
  return row?.count ?? Number.NaN
}

const countByStatus = (stack: Stack): Promise<object[]> =>
  stack.query('SELECT status, count(*)::int FROM "Email" GROUP BY status')

async function readMode(stack: Stack): Promise<string> {
  return (await (await stack.askProvider('/sandbox')).json()).mode
}

/** Returns the result that a lane shows, in ms. */
async function readWait(lane: Locator): Promise<number> {
  const [, value, unit] = /([\d.]+)\s*(ms|s)\b/.exec(await lane.innerText()) ?? []
  return Number(value) * (unit === 's' ? 1000 : 1)
}

test('inside the request one waits for the mail; with a job the answer is there before', async ({
  stack,
  page,
}) => {
  const complaints = listenForComplaints(page)
  await stack.startWorker()
  await stack.setProvider({ latencyMs: 700 })
  await page.goto('/race')
  await start(page).click()

  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    /^\s*Without a queue, ([\d.]+ times the|about the same) wait\.$/,
  )
  expect(await readWait(inline(page))).toBeGreaterThanOrEqual(700)
  expect(await readWait(background(page))).toBeLessThan(await readWait(inline(page)))
  await expect(background(page)).toContainText(
    /The mail was delivered [\d.]+ m?s after the click\. The answer came first\./,
  )
  await expect(page.getByRole('status').first()).toHaveText(/an answer after .* an answer after .* wait\.$/)

  expect(await countUsers(stack)).toBe(2)
  expect(await readMode(stack)).toBe('ok')
  expect(complaints).toEqual([])
})

test('while one page is frozen, the other has its ticket', async ({ stack, page }) => {
  await stack.setProvider({ mode: 'hang' })
  await page.goto('/race')
  await start(page).click()
  await expect(background(page)).toContainText('Account created!')
  await expect(inline(page)).toContainText('Ada waits.')
  await expect(page.getByRole('button', { name: 'The race is on' })).toBeFocused()
  expect(await countUsers(stack)).toBe(1)
  await stack.setProvider({ mode: 'ok' })
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Without a queue, Ada is gone.')
})

test('twenty at once, below the limit: forty accounts, and all mails of the background lane arrive', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await page.goto('/race')
  await page.getByLabel('20 at once').check()
  await start(page).click()
  await expect(background(page)).toContainText('Twenty mails were delivered')
  await expect(inline(page)).toContainText('Each had to stand there until the mail was out.')
  expect(await countUsers(stack)).toBe(40)
  const mails = await stack.query<{ status: string }>('SELECT status FROM "Email"')
  expect(mails).toEqual(Array(20).fill({ status: 'delivered' }))
})

test('the mail service is down: one user is lost, the other gets the mail after the repair', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await page.goto('/race')
  await page.getByLabel('down', { exact: true }).check()
  await start(page).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Without a queue, Ada is gone.')
  await expect(inline(page)).toContainText(
    'The mail service was down. Ada got no account and won’t come back.',
  )
  await expect(background(page)).toContainText('Account created!The email tries again.')
  await expect(background(page)).toContainText(/The mail waits and tries again (in \d+ s|any moment now)\./)
  expect(await countUsers(stack)).toBe(1)

  await page.getByRole('button', { name: 'Repair it' }).click()
  await expect(start(page)).toBeVisible()
  expect(await readMode(stack)).toBe('ok')
  await expect(background(page)).toContainText('Ada is in, and has her mail')
  const kinds = await stack.query('SELECT kind, status FROM "Email"')
  expect(kinds).toEqual([{ kind: 'welcome', status: 'delivered' }])

  // The switch says what is true now.
  await expect(page.getByLabel('Mail service up')).toBeChecked()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Without a queue, Ada is gone.')

  // Another question: the old answer goes.
  await page.getByLabel('20 at once').check()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Who has to wait?')
  await expect(background(page)).toContainText('The answer comes at once')
})

for (const [way, leave] of Object.entries({
  'a reload': (page: Page) => page.reload(),
  'another page': (page: Page) => page.getByRole('link', { name: 'Inbox' }).click(),
  'a closed tab': (page: Page) => page.close({ runBeforeUnload: true }),
})) {
  test(`leaving by ${way} in the middle of an outage puts the weather back`, async ({ stack, page }) => {
    await stack.setProvider({ mode: 'rate-limit', latencyMs: 2_000 })
    await page.goto('/race')
    await page.getByLabel('down', { exact: true }).check()
    await start(page).click()
    await expect.poll(() => readMode(stack)).toBe('outage')
    await leave(page)
    await expect.poll(() => readMode(stack)).toBe('rate-limit')
  })
}

test('account first: the same wait, and when the mail service is down, an account without a welcome', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await stack.setProvider({ latencyMs: 700 })
  await page.goto('/race')
  await page.getByLabel('Account first').check()
  await start(page).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Without a queue, .* wait\.$/)
  expect(await readWait(inline(page))).toBeGreaterThanOrEqual(700)

  await page.getByLabel('down', { exact: true }).check()
  await start(page).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Without a queue, Ada’s mail is lost.')
  await expect(inline(page)).toContainText(
    'The mail service was down. Ada is in. Her mail is lost, and nobody knows.',
  )
  await page.getByRole('button', { name: 'Repair it' }).click()
  await expect(background(page)).toContainText('Ada is in, and has her mail')

  await stack.setProvider({ rateLimit: 10 })
  await page.getByLabel('20 at once').check()
  await start(page).click()
  // Ten, unless this computer is so busy that the twenty do not come within a second.
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(
    /^\s*Without a queue, \S+ mails are lost\.$/,
  )
  await expect(inline(page)).toContainText(/All twenty are in\. \S+ mails are lost, and nobody knows\./)
  await expect(background(page)).toContainText('All twenty are in, and have their mail')
  await expect.poll(() => countByStatus(stack)).toEqual([{ status: 'delivered', count: 22 }])
})

test('pressing again during the race changes nothing', async ({ stack, page }) => {
  await stack.setProvider({ latencyMs: 500 })
  await page.goto('/race')
  await start(page).dblclick()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  await expect(inline(page)).toContainText('Ada had to stand there')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Without a queue, .* wait\.$/)
  expect(await countUsers(stack)).toBe(2)
})

test('no worker: the account is there, and the page says that the mail waits', { tag: '@long' }, async ({
  page,
}) => {
  await page.goto('/race')
  await start(page).click()
  await expect(background(page)).toContainText('No worker is on duty.')
})

test('the database fails: both lanes say in words what is lost', async ({ stack, page }) => {
  await stack.query('ALTER TABLE "User" RENAME TO "UserAway"')
  try {
    await page.goto('/race')
    await start(page).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Nobody got in.')
    await expect(inline(page)).toContainText('The mail went out, but the database took no account.')
    await expect(background(page)).toContainText('nothing was created, and no mail goes out')
  } finally {
    await stack.query('ALTER TABLE "UserAway" RENAME TO "User"')
  }
})

test('without a server the page says so, and can start anew', async ({ page }) => {
  await page.goto('/race')
  await page.route('**/api/sandbox/race', (route) => route.abort())
  await start(page).click()
  await expect(inline(page)).toContainText('The server did not answer.')
  await expect(background(page)).toContainText('The server did not answer.')
  await page.route('**/api/sandbox/race/outage', (route) => route.abort())
  await start(page).click()
  await expect(page.getByRole('alert').filter({ hasText: 'cannot be reached' })).toBeVisible()
  await page.unrouteAll()
  await start(page).click()
  await expect(inline(page)).toContainText('Ada had to stand there')
})

test('by keyboard alone', { tag: '@long' }, async ({ stack, page }) => {
  await stack.startWorker()
  await page.goto('/race')
  await page.getByRole('link', { name: 'Inbox' }).focus()
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('1 signup')).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByLabel('20 at once')).toBeChecked()
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Mail first')).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Mail service up')).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(page.getByLabel('down', { exact: true })).toBeChecked()
  await page.keyboard.press('Tab')
  await expect(start(page)).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Without a queue, twenty were lost.')
  await expect(page.getByRole('button', { name: 'Repair it' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(background(page)).toContainText('All twenty are in, and have their mail')
})

test('a page that the browser translates keeps up: an outage, its repair, and twenty at once, twice', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await page.goto('/race')
  const complaints = await translate(page)
  const headline = page.getByRole('heading', { level: 1 })
  await page.getByRole('radio', { name: 'down' }).check()
  await start(page).click()
  await expect(headline).toHaveText('WITHOUT A QUEUE, ADA IS GONE.')
  await expect(background(page)).toContainText(/THE MAIL WAITS AND TRIES AGAIN (IN \d+ S|ANY MOMENT NOW)\./)
  await page.getByRole('button', { name: 'Repair it' }).click()
  await expect(background(page)).toContainText('ADA IS IN, AND HAS HER MAIL')

  const answers = Array.from({ length: 20 }, (_, person) => `${JSON.stringify({ person, account: true })}\n`)
  await page.route('/api/sandbox/race', (route) => route.fulfill({ body: answers.join('') }))
  await page.getByRole('radio', { name: '20 at once' }).check()
  for (const _ of ['once', 'once more']) {
    await expect(start(page)).toBeVisible()
    await start(page).click()
    await expect(headline).toHaveText(/^\s*WITHOUT A QUEUE, .* WAIT\.$/)
    await expect(inline(page)).toContainText('EACH HAD TO STAND THERE UNTIL THE MAIL WAS OUT.')
  }
  await page.getByRole('radio', { name: '1 signup' }).check()
  await expect(headline).toHaveText('WHO HAS TO WAIT?')
  expect(complaints).toEqual([])
})

test('no violations by day and night before, during and after, and no sideways scroll on a phone', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await page.goto('/race')
  await expect(page).toHaveTitle('The race · Behind the Scenes')
  await expectUsable(page)
  await stack.setProvider({ mode: 'hang' })
  await start(page).click()
  await expect(inline(page)).toContainText('Ada waits.')
  await expectUsable(page)
  await stack.setProvider({ mode: 'ok' })
  await expect(background(page)).toContainText('Ada is in, and has her mail')
  await expectUsable(page)
  await page.getByLabel('20 at once').check()
  await page.getByLabel('down', { exact: true }).check()
  await start(page).click()
  await expect(background(page)).toContainText('Twenty mails wait and try again')
  await expectUsable(page)
})

test('everything that counts fits on one screen of a projector', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await stack.startWorker()
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.goto('/race?stage')
  await page.getByLabel('20 at once').check()
  await start(page).click()
  const fate = background(page).getByText(ALL_HAVE_MAIL)
  await expect(fate).toBeInViewport({ ratio: 1 })
  await expect(page.getByRole('heading', { level: 1 })).toBeInViewport({ ratio: 1 })
  await expect(inline(page).getByText(/Each had to stand there|got no account/)).toBeInViewport({ ratio: 1 })
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBe(720)

  await page.getByLabel('1 signup').check()
  await start(page).click()
  await expect(background(page)).toContainText('The mail was delivered')
  for (const littlePage of await page.locator('.sheet').all())
    expect(await littlePage.evaluate((sheet) => sheet.scrollHeight - sheet.clientHeight)).toBe(0)
})

test('a phone watches the race: numbers and bars of both lanes on one screen', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await stack.startWorker()
  await page.setViewportSize({ width: 390, height: 844 })
  await page.goto('/race')
  await page.getByLabel('20 at once').check()
  await start(page).click()
  await expect(background(page)).toContainText(ALL_HAVE_MAIL)
  for (const lane of [inline(page), background(page)]) {
    const parts = lane.locator('[class*="h-(--bars)"]')
    await expect(parts).toHaveCount(2)
    for (const part of await parts.all()) await expect(part).toBeInViewport({ ratio: 1 })
  }
})

test('twenty at once, each time: some are lost on the left, all are in on the right', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  // As on stage.
  await stack.setProvider({ rateLimit: 10, latencyMs: 1_000 })
  await page.goto('/race')
  await page.getByLabel('20 at once').check()
  let accounts = 0
  for (let race = 1; race <= 3; race++) {
    await start(page).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Without a queue, \S+ were lost\.$/)
    // Too many at once. Where the computer is busy, the mail service may be late, too.
    await expect(inline(page)).toContainText(/\. \S+ people got no account and won’t come back\./)
    const lost = await inline(page).locator('li.line-through').count()
    // Ten, unless this computer is so busy that the twenty do not come within a second.
    expect(lost).toBeGreaterThan(0)
    accounts += 40 - lost
    await expect(background(page)).toContainText(
      /All twenty are in, and have their mail .* after the click\./,
    )
    expect(await countUsers(stack)).toBe(accounts)
  }
  await expect.poll(() => countByStatus(stack)).toEqual([{ status: 'delivered', count: 60 }])
})
