import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, type Page, type Route } from '@playwright/test'
import { app, isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { hurry, report } from '../faults/steps'
import { readLink } from '../links'
import { test as onSharedApp } from '../test'
import { expectDelivered, linesOn, listenForComplaints, signUpByHand, ticketOn } from './person'
import { test } from './test'

const LOST = 'The connection is lost. We try again.'

test('a reload in the middle: the server prints the same ticket, which goes on living', async ({
  stack,
  page,
}) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'hang' })
  await signUpByHand(page)
  await expect(linesOn(page)).toContainText(['queued', 'sending'])
  const complaints = listenForComplaints(page)
  // An attempt ends after ten seconds. If that was during the reload, the next attempt is looked at.
  await expect(async () => {
    const ticket = await ticketOn(page).innerText()
    const response = await page.reload()
    expect(await response?.text()).toMatch(/Account created!.*queued<.*sending</s)
    await expect(ticketOn(page)).toHaveText(ticket, { useInnerText: true, timeout: 5_000 })
  }).toPass()
  await stack.setProvider({ mode: 'ok' })
  await expectDelivered(page)
  expect(complaints).toEqual([])
})

for (const [title, open] of [
  [
    'the skip link',
    async (page: Page) => {
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await expect(page).toHaveURL(/#main$/)
    },
  ],
  [
    'a link from a mail',
    async (page: Page, id: string) => {
      await waitForSnapshot(id, isDelivered)
      const link = `${page.url()}#${await readLink(app.env(), id, 'tickets')}`
      const confirmation = page.waitForResponse('**/api/tickets/confirm')
      // A link from a mail opens a new document.
      await page.goto('about:blank')
      await page.goto(link)
      expect((await confirmation).status()).toBe(204)
      await expect(page).toHaveURL(/tickets\/[^#]+$/)
    },
  ],
] as const) {
  onSharedApp(`Back to a ticket goes back, also after ${title}`, async ({ page }) => {
    const { id } = await signUp()
    await page.goto(`/tickets/${id}`)
    await open(page, id)
    await page.getByRole('link', { name: 'Sign up another person' }).click()
    await expect(page.getByRole('button', { name: 'Sign me up' })).toBeVisible()
    await page.goBack()
    await expect(ticketOn(page)).toContainText('Account created!')
  })
}

test('two tabs on one ticket are both live', { tag: '@long' }, async ({ stack, page, context }) => {
  await signUpByHand(page)
  const secondTab = await context.newPage()
  await secondTab.goto(page.url())
  await expect(linesOn(secondTab)).toContainText(['queued'])
  await stack.startWorker()
  await expectDelivered(page)
  await expectDelivered(secondTab)
})

test('an outage: the ticket counts down to the next attempt, which delivers', async ({ stack, page }) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'outage' })
  await signUpByHand(page)
  await expect(ticketOn(page)).toContainText('The mail service is down.')
  await expect(ticketOn(page)).toContainText(/attempt \d+ in \d+ s/)
  await expect(page.getByRole('heading', { name: 'The email tries again.' })).toBeVisible()

  await stack.setProvider({ mode: 'ok' })
  await hurry(stack, () => expectDelivered(page))
  await expect(ticketOn(page)).toContainText(/sending\s*attempt \d+/)
  await expect(ticketOn(page)).not.toContainText(/attempt \d+ in/)
})

test('a mail that cannot be sent: the ticket says so and offers no mail to read', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'invalid' })
  await signUpByHand(page)
  await expect(ticketOn(page).getByRole('strong').last()).toHaveText('failed')
  await expect(ticketOn(page)).toContainText('The mail service doesn’t accept this email.')
  await expect(page.getByRole('heading', { name: 'The email didn’t go out.' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Read the email' })).toBeHidden()
})

test('offline: the page says so, comes back by itself and shows what it has missed', {
  tag: '@long',
}, async ({ stack, page, context }) => {
  const id = await signUpByHand(page)
  await expect(linesOn(page)).toContainText(['queued'])
  await context.setOffline(true)
  await expect(page.getByText(LOST)).toBeVisible()

  await stack.startWorker()
  await waitForSnapshot(id, isDelivered, stack.appUrl)
  await expect(linesOn(page)).toHaveCount(1)
  await context.setOffline(false)
  await expectDelivered(page)
  await expect(page.getByText(LOST)).toBeHidden()
})

test('a web server that dies and comes back: the page waits for it and goes on', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  const web = await stack.startWeb()
  await page.goto(`${web.url}/tickets/${id}`)
  await web.kill('SIGKILL')
  await expect(page.getByText(LOST)).toBeVisible()

  await stack.startWeb({ port: web.port })
  await expect(page.getByText(LOST)).toBeHidden()
  await stack.startWorker()
  await expectDelivered(page)
})

const BROKEN_STREAMS = {
  'refuses the stream': (route: Route) => route.fulfill({ status: 503 }),
  'cuts the stream': (route: Route) => route.abort(),
}
for (const [trouble, answer] of Object.entries(BROKEN_STREAMS)) {
  onSharedApp(
    `a proxy ${trouble} for a while: the page asks again and shows what it has missed`,
    { tag: '@long' },
    async ({ page }) => {
      await page.route('**/events', answer)
      const id = await signUpByHand(page)
      await waitForSnapshot(id, isDelivered)
      await expect(page.getByText(LOST)).toBeVisible()
      await expect(linesOn(page)).toHaveText([/queued/])
      await page.unroute('**/events')
      await expectDelivered(page)
      await expect(page.getByText(LOST)).toBeHidden()
    },
  )
}

onSharedApp(
  'the server prints the whole ticket: it is there without any script',
  async ({ page, browser }) => {
    await signUpByHand(page)
    await expectDelivered(page)
    const storageState = await page.context().storageState()
    const context = await browser.newContext({ javaScriptEnabled: false, storageState })
    const withoutScripts = await context.newPage()
    await withoutScripts.goto(page.url())
    await expect(ticketOn(withoutScripts)).toContainText('You waited')
    await expect(ticketOn(withoutScripts)).toHaveText(await ticketOn(page).innerText(), {
      useInnerText: true,
    })
    await context.close()
  },
)

onSharedApp(
  'a stranger with the link sees the ticket, and not how long its owner waited',
  async ({ page, browser }) => {
    await signUpByHand(page)
    const context = await browser.newContext()
    const stranger = await context.newPage()
    await stranger.goto(page.url())
    await expectDelivered(stranger)
    await expect(ticketOn(stranger)).toContainText('Account created! The email can wait.')
    await expect(stranger.getByRole('main')).not.toContainText(/\byou(r|’re)?\b/i)
    await context.close()
  },
)

const BAD_ENDS = [
  ['bounced', 'bounced', 'The mailbox refused the email', 'The mailbox doesn’t exist, or refuses all mail.'],
  [
    'suppressed',
    'suppressed',
    'Earlier mail to this address was refused',
    'Mail to this mailbox came back before, or was marked as spam.',
  ],
] as const
for (const [address, stamp, sentence, line] of BAD_ENDS) {
  const tag = address === 'suppressed' ? '@long' : []
  onSharedApp(
    `a mail that is ${address} ends with a stamp and with words for people`,
    { tag },
    async ({ page }) => {
      await signUpByHand(page, `${address}+${randomUUID()}@resend.dev`)
      await expect(ticketOn(page).getByRole('strong').last()).toHaveText(stamp)
      await expect(page.getByRole('status').filter({ hasText: sentence })).toBeVisible()
      await expect(linesOn(page).last()).toContainText(line)
    },
  )
}

const SOFT_BOUNCES = [
  ['Transient', 'The mailbox couldn’t take it. It may be full, or its owner may be away.'],
  ['Undetermined', 'The mailbox didn’t say why.'],
  ['Of_tomorrow', 'Reason: of tomorrow.'],
] as const
for (const [type, line] of SOFT_BOUNCES) {
  test(`a bounce that is ${type} ends the ticket, and asks for no other address`, { tag: '@long' }, async ({
    stack,
    page,
  }) => {
    const id = await signUpByHand(page)
    const data = { email_id: randomUUID(), tags: { email_id: id }, bounce: { type } }
    await report(stack, 'email.delivery_delayed', data)
    await expect(page.getByRole('heading', { name: 'The email is delayed.' })).toBeVisible()
    await report(stack, 'email.bounced', data)
    for (const visit of ['live', 'reloaded']) {
      await expect(ticketOn(page).getByRole('strong').last(), visit).toHaveText('delayed')
      await expect(linesOn(page)).toContainText(['queued', 'delayed', 'delayed'])
      await expect(linesOn(page).last()).toContainText(line)
      await expect(page.getByRole('heading', { name: 'The email came back.' })).toBeVisible()
      await expect(page.getByText('The address and the account are fine.')).toBeVisible()
      await expect(page.getByRole('region', { name: 'Your account' })).toBeVisible()
      await expect(page.getByLabel('Correct your address')).toHaveCount(0)
      await page.reload()
    }
    // The mail arrives after all. An out-of-office answer changes nothing.
    await report(stack, 'email.delivered', data)
    await report(stack, 'email.bounced', data)
    await page.reload()
    await expectDelivered(page)
    await expect(page.getByLabel('Correct your address')).toHaveCount(0)
  })
}

test('the owner of the mailbox wants no mail: the ticket says so, and asks for no other address', {
  tag: '@long',
}, async ({ stack, page }) => {
  const id = await signUpByHand(page)
  await stack.query(
    `WITH event AS (INSERT INTO "EmailEvent" ("emailId", status, reason) VALUES ($1, 'suppressed', 'no_mail_wanted'))
     UPDATE "Email" SET status = 'suppressed' WHERE id = $1`,
    [id],
  )
  for (const visit of ['live', 'reloaded']) {
    await expect(ticketOn(page).getByRole('strong').last(), visit).toHaveText('suppressed')
    await expect(page.getByRole('status').filter({ hasText: 'asked us not to email it' })).toBeVisible()
    await expect(page.getByRole('region', { name: 'Your account' })).toBeVisible()
    await expect(page.getByLabel('Correct your address')).toHaveCount(0)
    await page.reload()
  }
})

test('delayed, and then failed at the mail service: the ticket ends with that', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  const id = await signUpByHand(page)
  const data = { email_id: randomUUID(), tags: { email_id: id } }
  for (const type of ['email.sent', 'email.delivery_delayed']) await report(stack, type, data)
  await expect(page.getByRole('heading', { name: 'The email is delayed.' })).toBeVisible()
  await report(stack, 'email.failed', { ...data, failed: { reason: 'reached_daily_quota' } })
  for (const visit of ['live', 'reloaded']) {
    await expect(ticketOn(page).getByRole('strong').last(), visit).toHaveText('failed')
    await expect(linesOn(page)).toContainText(['queued', 'sent', 'delayed', 'failed'])
    await expect(linesOn(page).last()).toContainText('Today’s allowance of mail is used up.')
    await expect(page.getByText('took the email, and then could not send it')).toBeVisible()
    await page.reload()
  }
})

onSharedApp('a complaint after the delivery reaches the open page, and its title', async ({ page }) => {
  await signUpByHand(page, `complained+${randomUUID()}@resend.dev`)
  await expect(page.getByRole('heading', { name: 'The email was reported.' })).toBeVisible()
  await expect(page).toHaveTitle(/^Reported · Ticket/)
  await expect(linesOn(page)).toContainText(['queued', 'sending', 'sent', 'delivered', 'reported'])
})

test('a complaint is heard for a minute after the delivery, and later when the page becomes visible', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  const id = await signUpByHand(page)
  await expectDelivered(page)
  const data = { email_id: randomUUID(), tags: { email_id: id } }
  // As if a minute had passed. A page that is opened now hears the end at once. A late report of "sent" begins the minute anew.
  await expect(async () => {
    await stack.query(`UPDATE "Email" SET "updatedAt" = now() - interval '1 minute' WHERE id = $1`, [id])
    const end = page.waitForResponse('**/events').then((response) => response.finished())
    await page.reload()
    expect(await Promise.race([end, sleep(5_000, 'open')])).toBeNull()
  }).toPass()
  await expect(page.getByText(LOST)).toBeHidden()

  await report(stack, 'email.complained', data)
  await expectDelivered(page)
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await expect(page.getByRole('heading', { name: 'The email was reported.' })).toBeVisible()
})

onSharedApp('the tab says the status, on the form again the name of the site', async ({ page }) => {
  await signUpByHand(page)
  await expectDelivered(page)
  await expect(page).toHaveTitle(/^Delivered · Ticket [\dA-F]{8} · Behind the Scenes$/)
  await page.getByRole('link', { name: 'Sign up another person' }).click()
  await expect(page).toHaveTitle('Behind the Scenes')
  await page.goBack()
  await expect(page).toHaveTitle(/^Delivered · Ticket/)
  await page.getByRole('link', { name: 'Learn', exact: true }).click() // stage
  await expect(page).toHaveTitle('Learn · Behind the Scenes') // stage
})

onSharedApp('a complaint after the delivery is on the ticket when it is opened', async ({ page }) => {
  const { id } = await signUp(`complained+${randomUUID()}@resend.dev`)
  await waitForSnapshot(id, ({ status }) => status === 'complained')
  await page.goto(`/tickets/${id}`)
  await expect(linesOn(page)).toContainText(['queued', 'sending', 'sent', 'delivered', 'reported'])
  await expect(page.getByRole('heading', { name: 'The email was reported.' })).toBeVisible()
})

onSharedApp('on a phone the new ticket scrolls into view', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 700 })
  await signUpByHand(page)
  await expect(page.getByText('You waited')).toBeInViewport({ ratio: 1 })
})
