import { randomUUID } from 'node:crypto'
import { expect, type Page } from '@playwright/test'
import type { EmailStatus } from '@/lib/status/status'
import { isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { query, type Stack } from '../stack'
import { test as onSharedApp } from '../test'
import { expectUsable, measureOverflow } from './accessibility'
import { expectDelivered, linesOn, sendForm, signUpByHand, ticketOn } from './person'
import { test } from './test'

// stage
async function openMail(page: Page, search = ''): Promise<void> {
  const { id } = await signUp()
  await waitForSnapshot(id, isDelivered)
  await page.goto(`/inbox/${id}${search}`)
  await expect(page.getByRole('article')).toBeVisible()
}

const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
  'the form': (page) => page.goto('/'),
  'a form with errors': async (page) => {
    await page.goto('/')
    await page.getByRole('button').click()
    await expect(page.getByText('Enter your name.')).toBeVisible()
  },
  'a form without a server': async (page) => {
    await page.goto('/')
    await page.route('/api/users', (route) => route.abort())
    await sendForm(page)
    await expect(page.getByText('We couldn’t reach the server.')).toBeVisible()
  },
  'a delivered ticket': async (page) => {
    await signUpByHand(page)
    await expectDelivered(page)
  },
  'the ticket of another user': async (page) => {
    await page.goto(`/tickets/${(await signUp()).id}`)
    await expectDelivered(page)
  },
  'a bounced ticket': async (page) => {
    await signUpByHand(page, `bounced+${randomUUID()}@resend.dev`)
    await expect(ticketOn(page).getByRole('strong').last()).toHaveText('bounced')
  },
  // stage
  'the inbox': async (page) => {
    await waitForSnapshot((await signUp()).id, isDelivered)
    await page.goto('/inbox')
    await expect(page.getByRole('main').getByRole('listitem').first()).toBeVisible()
  },
  'a mail': (page) => openMail(page), // stage
  'a mail as text': (page) => openMail(page, '?as=text'), // stage
  'a mail that is not there': (page) => page.goto(`/inbox/${randomUUID()}`), // stage
  'the page for what is not found': (page) => page.goto('/nowhere'),
}

const PAGES_IN_TROUBLE: Record<string, (page: Page, stack: Stack) => Promise<unknown>> = {
  'a ticket in progress': async (page) => {
    await signUpByHand(page)
    await expect(linesOn(page)).toContainText(['queued'])
  },
  'a ticket that waits for the next attempt': async (page, stack) => {
    const id = await signUpByHand(page)
    await record(stack, id, 'retrying', 'service_unavailable')
    await expect(ticketOn(page)).toContainText('attempt 2')
  },
  'a ticket without a connection': async (page, stack) => {
    await page.route('**/events', (route) => route.abort())
    await page.goto(`/tickets/${(await signUp(newAddress(), stack.appUrl)).id}`)
    await expect(page.getByText('The connection is lost. We try again.')).toBeVisible()
  },
  'a failed ticket': async (page, stack) => {
    const id = await signUpByHand(page)
    await record(stack, id, 'failed', 'validation_error')
    await expect(ticketOn(page).getByRole('strong').last()).toHaveText('failed')
  },
}

/** Writes what a worker would write; there is none on this installation. */
async function record(stack: Stack, id: string, status: EmailStatus, reason: string): Promise<void> {
  await query(
    stack.databaseUrl,
    `WITH event AS (
       INSERT INTO "EmailEvent" ("emailId", status, attempt, reason, "retryAt")
       VALUES ($1, $2::"EmailStatus", 1, $3, now() + interval '1 minute'))
     UPDATE "Email" SET status = $2::"EmailStatus" WHERE id = $1`,
    [id, status, reason],
  )
}

/** One of each kind. The other pages are looked at in the long tests. */
const FIRST_PAGES = ['the form', 'a form with errors', 'a delivered ticket', 'a mail']
const toTag = (name: string): { tag: string | string[] } => ({
  tag: FIRST_PAGES.includes(name) ? [] : '@long',
})

for (const [name, open] of Object.entries(PAGES)) {
  onSharedApp(
    `${name}: no violations by day and night, and no sideways scroll on a phone`,
    toTag(name),
    async ({ page }) => {
      await open(page)
      await expectUsable(page)
    },
  )
}

for (const [name, open] of Object.entries(PAGES_IN_TROUBLE)) {
  test(
    `${name}: no violations by day and night, and no sideways scroll on a phone`,
    toTag(name),
    async ({ stack, page }) => {
      await open(page, stack)
      await expectUsable(page)
    },
  )
}

onSharedApp('the longest name and address stay on a phone’s screen', { tag: '@long' }, async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 })
  const email = `${randomUUID()}@${'long-'.repeat(10)}label.${'x'.repeat(60)}.example.com`
  await signUpByHand(page, email, 'W'.repeat(80))
  await expectDelivered(page)
  expect(await measureOverflow(page)).toBe(0)
  const id = page.url().split('/').at(-1) // stage
  // stage
  for (const path of ['/inbox', `/inbox/${id}`, `/inbox/${id}?as=text`]) {
    await page.goto(path)
    await expect(page.getByText(email).first()).toBeVisible()
    expect(await measureOverflow(page), path).toBe(0)
  }
})

onSharedApp('by keyboard alone: from the top of the page to the mail', async ({ page }) => {
  const { keyboard } = page
  await page.goto('/')
  for (const locator of [
    page.getByRole('link', { name: 'Skip to the content' }),
    page.getByRole('link', { name: 'Behind the Scenes' }),
    page.getByRole('link', { name: 'Learn' }), // stage
    page.getByRole('link', { name: 'Race' }), // stage
    page.getByRole('link', { name: 'Backstage' }), // stage
    page.getByRole('link', { name: 'Inbox' }), // stage
    page.getByLabel('Name'),
  ]) {
    await keyboard.press('Tab')
    await expect(locator).toBeFocused()
    await expect(locator).toBeInViewport()
  }
  await keyboard.type('Ada')
  await keyboard.press('Tab')
  await keyboard.type(newAddress())
  await keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Sign me up' })).toBeFocused()
  await keyboard.press('Enter')

  await expect(page.getByRole('heading', { name: 'You’re in.' })).toBeFocused()
  await expectDelivered(page)
  await keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Sign up another person' })).toBeFocused()
  await keyboard.press('Tab') // stage
  await expect(page.getByRole('link', { name: 'Read the email' })).toBeFocused() // stage
  await keyboard.press('Enter') // stage
  await expect(page.getByRole('heading', { name: 'Welcome to Behind the Scenes' })).toBeVisible() // stage
})

onSharedApp('Enter in a field sends the form', async ({ page }) => {
  await page.goto('/')
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('Email').fill(newAddress())
  await page.getByLabel('Email').press('Enter')
  await expect(ticketOn(page)).toBeVisible()
})

onSharedApp('the skip link leads past the header', async ({ page }) => {
  await page.goto('/')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(page.getByLabel('Name')).toBeFocused()
})

onSharedApp('a screen reader hears what the headline adds: how long the wait was', async ({ page }) => {
  await signUpByHand(page)
  const headline = page.getByRole('heading', { name: 'You’re in.' })
  await expect(headline).toBeFocused()
  await expect(headline).toHaveAccessibleDescription(/^Account created! You waited [\d.]+ m?s$/)
})

onSharedApp('in forced colours, the button and the ticket have a shape', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  const border = /^[1-9]/
  await page.goto('/')
  await expect(page.getByRole('button', { name: 'Sign me up' })).toHaveCSS('border-top-width', border)
  await signUpByHand(page)
  for (const part of await ticketOn(page).locator('.sheet').all())
    await expect(part).toHaveCSS('border-top-width', border)
  // stage
  {
    await page.goto('/backstage')
    const readColor = (option: string) =>
      page.locator('label', { hasText: option }).evaluate((label) => getComputedStyle(label).backgroundColor)
    await expect.poll(async () => (await readColor('works')) !== (await readColor('outage'))).toBe(true)
    // Otherwise the browser puts a box of the page's colour behind its text, which has that colour, too.
    await expect(page.locator('label', { hasText: 'works' })).toHaveCSS('forced-color-adjust', 'none')
  }
})

test('a ticket in progress moves, but not for those who prefer less motion', async ({ page }) => {
  const count = () => page.evaluate(() => document.getAnimations().length)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await signUpByHand(page)
  await expect(linesOn(page)).toContainText(['queued'])
  expect(await count()).toBe(0)
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  expect(await count()).toBeGreaterThan(0)
})
