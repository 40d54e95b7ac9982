import { randomUUID } from 'node:crypto'
import { expect, type Page } from '@playwright/test'
import { app, isDelivered, waitForSnapshot } from '../app'
import { hurry } from '../faults/steps'
import { readLink } from '../links'
import { waitFor } from '../stack'
import { test } from '../test'
import { expectUsable } from './accessibility'
import { expectDelivered, listenForComplaints, signUpByHand, ticketOn } from './person'
import { test as onOwnStack } from './test'
import { translate } from './translate'

const account = (page: Page) => page.getByRole('region', { name: 'Your account' })

async function eraseByHand(page: Page): Promise<void> {
  await account(page).getByText('Erase me').click()
  await account(page).getByRole('button', { name: 'Erase everything' }).click()
}

test('“Erase me”: after a second question everything goes, and the page says so', async ({ page }) => {
  const id = await signUpByHand(page)
  await expectDelivered(page)
  const complaints = listenForComplaints(page)
  await account(page).getByText('Erase me').click()
  await expect(account(page)).toContainText('It can’t be undone.')
  await expectUsable(page)
  await account(page).getByRole('button', { name: 'Erase everything' }).click()
  await expect(page.getByRole('heading', { name: 'You’re out. All forgotten.' })).toBeFocused()
  await expect(ticketOn(page).getByRole('strong').last()).toHaveText('erased')
  await expect(account(page)).toBeHidden()
  await expect(page.getByRole('heading', { name: 'More orders?' })).toBeHidden() // orders
  await expectUsable(page)
  expect(complaints).toEqual([])
  const response = await page.goto(`/tickets/${id}`)
  expect(response?.status()).toBe(404)
  await expect(page.getByRole('heading', { name: 'There is nothing here.' })).toBeVisible()
})

test('“Erase me” on a ticket that expects no more reports: the page says when everything is gone', {
  tag: '@long',
}, async ({ page }) => {
  await signUpByHand(page, `bounced+${randomUUID()}@resend.dev`)
  await expect(ticketOn(page).getByRole('strong').last()).toHaveText('bounced')
  await eraseByHand(page)
  await expect(page.getByRole('heading', { name: 'You’re out. All forgotten.' })).toBeVisible()
})

onOwnStack(
  'a mail is under way: the ticket says what it waits for, then that it is erased',
  { tag: '@long' },
  async ({ stack, page }) => {
    await stack.setProvider({ mode: 'hang' })
    await stack.startWorker()
    await signUpByHand(page)
    await expect(ticketOn(page)).toContainText('sending')
    await eraseByHand(page)
    await expect(page.getByRole('heading', { name: 'You’re out. One mail to go.' })).toBeVisible()
    await expect(ticketOn(page).getByRole('listitem').last()).toContainText(/a mail\s*under way/)
    await expectUsable(page)
    await stack.setProvider({ mode: 'ok' })
    await hurry(stack, () =>
      expect(page.getByRole('heading', { name: 'You’re out. All forgotten.' })).toBeVisible(),
    )
    await expect(ticketOn(page).getByRole('strong').last()).toHaveText('erased')
  },
)

test('“Sign out”: this browser’s tickets become those of a stranger', { tag: '@long' }, async ({ page }) => {
  const first = await signUpByHand(page)
  const second = await signUpByHand(page)
  for (const id of [first, second]) {
    await page.goto(`/tickets/${id}`)
    await expect(account(page)).toBeVisible()
  }
  await account(page).getByRole('button', { name: 'Sign out' }).click()
  await expect(account(page)).toBeHidden()
  await expect(ticketOn(page)).toBeVisible()
  await page.goto(`/tickets/${first}`)
  await expect(ticketOn(page)).toBeVisible()
  await expect(account(page)).toBeHidden()
})

test('“This wasn’t me”: from the mail to a page that asks, and forgets', async ({ page, browser }) => {
  const id = await signUpByHand(page)
  await waitForSnapshot(id, isDelivered)
  const link = `/not-me#${await readLink(app.env(), id, 'not-me')}`

  const context = await browser.newContext()
  const victim = await context.newPage()
  const complaints = listenForComplaints(victim)
  await victim.goto(link)
  await expect(victim.getByRole('heading', { name: 'This wasn’t you?' })).toBeVisible()
  await expect(victim.locator('meta[name=robots]')).toHaveAttribute('content', /noindex/)
  await expect(victim.locator('meta[name=referrer]')).toHaveAttribute('content', 'no-referrer')
  await expectUsable(victim)
  await victim.getByRole('button', { name: 'Forget my address' }).click()
  await expect(victim.getByRole('heading', { name: 'We have forgotten you.' })).toBeFocused()
  await victim.reload()
  await victim.getByRole('button', { name: 'Forget my address' }).click()
  await expect(victim.getByRole('heading', { name: 'We have forgotten you.' })).toBeVisible()
  await expectUsable(victim)
  expect(complaints).toEqual([])
  await victim.goto(`${link.slice(0, -3)}xxx`)
  await victim.getByRole('button', { name: 'Forget my address' }).click()
  await expect(victim.getByRole('heading', { name: 'This link doesn’t work.' })).toBeFocused()
  await context.close()
})

test('a page that the browser translates keeps up: “This wasn’t me”, until all is forgotten', async ({
  page,
}) => {
  const erasing = {
    id: randomUUID(),
    status: 'sent',
    final: true,
    version: 1,
    timeline: [],
    erasure: 'requested',
  }
  await page.route('/api/not-me', (route) => route.fulfill({ json: { isAsked: false, erasing } }))
  await page.route('/api/emails/**', (route) => route.fulfill({ status: 503 }))
  await page.goto('/not-me#link')
  const complaints = await translate(page)
  await page.getByRole('button', { name: 'Forget my address' }).click()
  const headline = page.getByRole('heading', { level: 1 })
  await expect(headline).toHaveText('WE ARE FORGETTING YOU.')
  // The server does not know this email.
  await page.unroute('/api/emails/**')
  await expect(headline).toHaveText('WE HAVE FORGOTTEN YOU.')
  expect(complaints).toEqual([])
})

test('the skip link leaves the token of a link from a mail as it is', async ({ page }) => {
  for (const [path, button] of [
    ['/not-me', 'Forget my address'],
    ['/lost', 'Open my ticket'],
  ] as const) {
    await page.goto(`${path}#token`)
    await expect(page.getByRole('button', { name: button })).toBeVisible()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/#main$/)
    const asked = page.waitForRequest((request) => request.method() === 'POST')
    await page.getByRole('button', { name: button }).click()
    expect((await asked).postDataJSON(), path).toEqual({ link: 'token' })
  }
})

test('“Erase me” whose answer is lost: the next press says that all is forgotten', async ({ page }) => {
  const id = await signUpByHand(page)
  await expectDelivered(page)
  // A minute after the delivery, the stream is over. Without one, the page would hear of the erasure by itself.
  await page.route('**/events', (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: 'event: over\ndata: {}\n\n' }),
  )
  await page.goto(`/tickets/${id}`)
  await page.route('**/erasure', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await eraseByHand(page)
  await expect(account(page)).toContainText('We couldn’t reach the server.')
  await waitFor(async () => (await fetch(`${app.url}/api/emails/${id}`)).status === 404)
  await page.unroute('**/erasure')
  await account(page).getByRole('button', { name: 'Erase everything' }).click()
  await expect(page.getByRole('heading', { name: 'You’re out. All forgotten.' })).toBeVisible()
})
