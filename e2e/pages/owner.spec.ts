import { randomUUID } from 'node:crypto'
import { expect, type Page } from '@playwright/test'
import { app, isDelivered, newAddress, signUp, sql, waitForSnapshot } from '../app'
import { readLink } from '../links'
import { test } from '../test'
import { expectUsable } from './accessibility'
import { expectDelivered, linesOn, listenForComplaints, sendForm, signUpByHand, ticketOn } from './person'

const account = (page: Page) => page.getByRole('region', { name: 'Your account' })

test('only its owner sees the name on the ticket', { tag: '@long' }, async ({ page, browser }) => {
  const email = newAddress()
  const id = await signUpByHand(page, email, 'Ada Lovelace')
  for (const visit of ['fresh', 'reloaded']) {
    await expect(ticketOn(page), visit).toContainText(`For Ada Lovelace ${email}`)
    await page.reload()
  }
  const stranger = await (await browser.newContext()).newPage()
  await stranger.goto(`/tickets/${id}`)
  await expectDelivered(stranger)
  expect(await stranger.content()).not.toContain(email)
  expect(await stranger.content()).not.toContain('Lovelace')
  await stranger.context().close()
  // Another signup in the same browser changes nothing, and neither does a job on another page.
  await signUpByHand(page)
  await page.goto('/learn') // stage
  await page.getByRole('button', { name: /^Sign up/ }).click() // stage
  await expect(page.getByRole('region', { name: 'Your job' })).toContainText('you waited') // stage
  await page.goto(`/tickets/${id}`)
  await expect(ticketOn(page)).toContainText(email)
})

test('already signed up: from the form to the mail, and the ticket in this browser', async ({ page }) => {
  const complaints = listenForComplaints(page)
  const email = newAddress()
  const { id } = await signUp(email)
  await page.goto('/')
  await sendForm(page, email.toUpperCase())
  await expect(page.getByLabel('Email')).toBeFocused()
  await expect(page.getByText('Is it yours?')).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Send me my ticket' })).toBeFocused()
  await expectUsable(page)
  await page.keyboard.press('Enter')
  await expect(page.getByText('we have sent it a link')).toBeFocused()

  const [mail] = await sql<{ id: string }>(
    `SELECT id FROM "Email" WHERE kind = 'ticket' AND "userId" = (SELECT id FROM "User" WHERE email = $1)`,
    [email],
  )
  await waitForSnapshot(mail?.id ?? '', isDelivered)
  const link = `/lost#${await readLink(app.env(), mail?.id ?? '', 'lost')}`
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'We have found it.' })).toBeVisible()
  await expect(page.locator('meta[name=referrer]')).toHaveAttribute('content', 'no-referrer')
  await expectUsable(page)
  await page.getByRole('button', { name: 'Open my ticket' }).click()
  await expect(page).toHaveURL(`/tickets/${id}`)
  await expect(account(page)).toBeVisible()
  await expect(ticketOn(page)).toContainText(email)
  await page.goto(link)
  await page.getByRole('button', { name: 'Open my ticket' }).click()
  await expect(page.getByRole('heading', { name: 'This link has expired.' })).toBeFocused()
  await expectUsable(page)
  // The browser itself complains about the 409 and the 410.
  expect(complaints.filter((complaint) => !/409|410/.test(complaint))).toEqual([])
  await page.goto(`${link.slice(0, -3)}xxx`)
  await page.getByRole('button', { name: 'Open my ticket' }).click()
  await expect(page.getByRole('heading', { name: 'This link doesn’t work.' })).toBeFocused()
})

test('bounced: the address is corrected in place, and the same ticket tells the rest', async ({ page }) => {
  const complaints = listenForComplaints(page)
  const bounced = `bounced+${randomUUID()}@resend.dev`
  const id = await signUpByHand(page, bounced)
  const field = page.getByLabel('Correct your address')
  await expect(field).toHaveValue(bounced)
  await expectUsable(page)
  await field.fill('ada@nowhere')
  await field.press('Enter')
  await expect(field).toBeFocused()
  await expect(field).toHaveAccessibleDescription('Enter an address like ada@example.com.')
  const email = newAddress()
  await field.fill(email)
  await page.getByRole('button', { name: 'Send it there' }).click()
  await expect(page.getByRole('heading', { name: 'You’re in.' })).toBeFocused()
  const whole = ['queued', 'sending', 'sent', 'bounced', 'queued', 'sending', 'sent', 'delivered']
  for (const visit of ['in place', 'after Back and Forward', 'reloaded']) {
    await expect(linesOn(page), visit).toContainText(whole)
    await expectDelivered(page)
    await expect(ticketOn(page), visit).toContainText(email)
    await expect(page, visit).toHaveURL(`/tickets/${id}`)
    await expect(field).toBeHidden()
    if (visit === 'in place') {
      await page.goBack()
      await expect(page.getByLabel('Name')).toBeVisible()
      await page.goForward()
    } else await page.reload()
  }
  expect(complaints.filter((complaint) => !complaint.includes('422'))).toEqual([])
})

test('two tabs on a bounced ticket: after a correction in one, the other tells of the new mail, and of an erasure', {
  tag: '@long',
}, async ({ page, context }) => {
  const id = await signUpByHand(page, `bounced+${randomUUID()}@resend.dev`)
  const tabs = [page, await context.newPage(), await context.newPage()] as const
  for (const tab of tabs.slice(1)) await tab.goto(`/tickets/${id}`)
  for (const tab of tabs) {
    const field = tab.getByLabel('Correct your address')
    await field.fill('ada@exa')
    // The person looks up the rest in another window.
    await tab.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  }
  await tabs[1].getByLabel('Correct your address').fill(newAddress())
  await tabs[1].getByRole('button', { name: 'Send it there' }).click()
  await expectDelivered(tabs[1])

  await tabs[2].evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
  await expectDelivered(tabs[2])
  await expect(tabs[2].getByLabel('Correct your address')).toBeHidden()

  await expect(tabs[0].getByLabel('Correct your address')).toHaveValue('ada@exa')
  await account(tabs[0]).getByText('Erase me').click()
  await account(tabs[0]).getByRole('button', { name: 'Erase everything' }).click()
  await expect(tabs[0].getByRole('heading', { name: 'You’re out. All forgotten.' })).toBeVisible()
})

test('a likely typo is asked about once, and never refused', { tag: '@long' }, async ({ page }) => {
  const sent: string[] = []
  await page.route('/api/users', async (route) => {
    sent.push(route.request().postDataJSON().email)
    await route.continue()
  })
  const local = randomUUID()
  await page.goto('/')
  await sendForm(page, `${local}@gmial.com`)
  const question = page.getByRole('alert').filter({ hasText: `Did you mean ${local}@gmail.com?` })
  await expect(question).toBeVisible()
  await expectUsable(page)
  // Right under its field.
  const [field, asked] = [await page.getByLabel('Email').boundingBox(), await question.boundingBox()]
  expect((asked?.y ?? 0) - (field?.y ?? 0) - (field?.height ?? 0)).toBeLessThan(12)
  await question.getByRole('button', { name: 'Yes, sign up with that' }).click()
  await expect(ticketOn(page)).toContainText(`${local}@gmail.com`)

  await page.goto('/')
  await sendForm(page, `${local}@hotmial.com`)
  await expect(page.getByText('Did you mean')).toBeVisible()
  await page.getByRole('button', { name: 'Sign me up' }).click()
  await expect(ticketOn(page)).toBeVisible()
  expect(sent).toEqual([`${local}@gmail.com`, `${local}@hotmial.com`])
})
