import { randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import { isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { invite, makeFriends, signUpOwner, untilOrders } from '../owner'
import { findViolations } from '../pages/accessibility'
import { expectDelivered, signUpByHand, ticketOn } from '../pages/person'
import { startStack } from '../stack'
import { test } from '../test'
import { follow } from './follow'

test('from the ticket to its mail: it greets by name and bears the number of the ticket', async ({
  page,
}) => {
  await signUpByHand(page, newAddress(), 'Grace Hopper')
  await expectDelivered(page)
  const [number = ''] = /(?<=Ticket )\w{8}/.exec(await ticketOn(page).innerText()) ?? []
  await expect(page.getByText('The mailbox is part of this demonstration.')).toBeVisible()
  for (const name of ['See the race', 'Learn how'])
    await expect(ticketOn(page).getByRole('link', { name })).toBeVisible()
  await follow(page, 'Read the email')
  const mail = page.getByTitle('Welcome to Behind the Scenes').contentFrame()
  await expect(mail.getByRole('heading', { name: 'Welcome, Grace.' })).toBeVisible()
  await expect(mail.getByText(`TICKET ${number}`)).toBeVisible()
  const frame = page.locator('iframe')
  await expect(frame).toHaveCSS('outline-style', 'none')
  await page.getByRole('link', { name: 'As text' }).focus()
  await page.keyboard.press('Tab')
  await expect(frame).toHaveCSS('outline-style', 'solid')
})

test('a mail can be read as text', async ({ page }) => {
  const email = newAddress()
  const { id } = await signUp(email)
  await waitForSnapshot(id, isDelivered)
  await page.goto(`/inbox/${id}`)
  await page.getByRole('link', { name: 'As text' }).click()
  await expect(page.getByRole('link', { name: 'As text' })).toHaveAttribute('aria-current', 'page')
  await expect(page.getByRole('article')).toContainText(/welcome, ada\.\s+Your account was ready/i)
  await expect(page.locator('iframe')).toHaveCount(0)
})

test('the inbox lists each mail once, the newest first', async ({ page, request }) => {
  // A mail without a job has no status.
  await (await request.post('/api/sandbox/race', { data: { way: 'inline', people: 1 } })).text()
  const [older, newer] = [newAddress(), newAddress()]
  const owner = await signUpOwner()
  await invite(owner, makeFriends(1))
  await untilOrders(owner, ({ invitations }) => invitations?.sent === 1)
  for (const email of [older, newer]) await waitForSnapshot((await signUp(email)).id, isDelivered)
  await page.goto('/inbox')
  await expect(page.getByText('No mail leaves it.')).toBeVisible()
  const mails = page.getByRole('main').getByRole('listitem')
  const two = mails.filter({ hasText: new RegExp(`${older}|${newer}`) })
  await expect(two).toContainText([newer, older])
  await expect(two.first()).toContainText('delivered')
  await expect(two.first().getByRole('link', { name: `Ada ${newer}` })).toBeVisible()
  // A friend has no name yet, and no ticket.
  await page.evaluate(() => document.fonts.ready)
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 800 })
    expect(new Set(await mails.evaluateAll((rows) => rows.map((row) => row.clientHeight))).size).toBe(1)
  }
  await two
    .first()
    .getByRole('link', { name: /^Ticket / })
    .click()
  await expectDelivered(page)
})

test('a mail in the inbox opens', async ({ page }) => {
  const email = newAddress()
  await waitForSnapshot((await signUp(email)).id, isDelivered)
  await page.goto('/inbox')
  await page.getByRole('link', { name: email }).click()
  await expect(page.getByText(`To ${email}`)).toBeVisible()
})

test('the mail that the provider does not know yet is announced as such', async ({ page }) => {
  await page.goto(`/inbox/${randomUUID()}`)
  await expect(page.getByRole('heading', { name: 'This mail is not here.' })).toBeVisible()
  await page.getByRole('link', { name: 'All mail' }).click()
  await expect(page.getByRole('heading', { name: 'Inbox' })).toBeVisible()
})

test(
  'an empty inbox leads to the signup, and a full one has pages',
  { tag: '@long' },
  async ({ page }, { workerIndex }) => {
    const stack = await startStack(`empty-${workerIndex}`)
    try {
      await page.goto(`${stack.appUrl}/inbox`)
      await expect(page.getByText('There is no mail yet.')).toBeVisible()
      expect(await findViolations(page)).toEqual([])
      await page.getByRole('link', { name: 'Go to the signup' }).click()
      await expect(page.getByRole('button', { name: 'Sign me up' })).toBeVisible()

      const mails = Array.from({ length: 51 }, () => ({
        from: 'Ada <ada@example.org>',
        to: newAddress(),
        subject: 'Hello',
        text: 'Hello',
      }))
      const headers = { authorization: 'Bearer re_sandbox', 'content-type': 'application/json' }
      const sent = await fetch(`${stack.resendUrl}/emails/batch`, {
        method: 'POST',
        headers,
        body: JSON.stringify(mails),
      })
      expect(sent.status).toBe(200)
      await page.goto(`${stack.appUrl}/inbox`)
      const items = page.getByRole('main').getByRole('listitem')
      await expect(items).toHaveCount(50)
      await page.getByRole('link', { name: 'Older mail' }).click()
      await expect(items).toHaveCount(1)
      await expect(page.getByRole('link', { name: 'Older mail' })).toHaveCount(0)
      await page.getByRole('link', { name: 'Newer mail' }).click()
      await expect(items).toHaveCount(50)
    } finally {
      await stack.stop()
    }
  },
)
