import { readFile } from 'node:fs/promises'
import { expect, type Locator, type Page } from '@playwright/test'
import { newAddress, signUp, sql } from '../app'
import { makeFriends } from '../owner'
import { expectUsable } from '../pages/accessibility'
import { listenForComplaints, sendForm, signUpByHand } from '../pages/person'
import { test } from '../pages/test'
import { translate } from '../pages/translate'
import { test as onSharedApp } from '../test'

const inviting = (page: Page): Locator => page.getByRole('region', { name: 'Invite friends' })
const exporting = (page: Page): Locator => page.getByRole('region', { name: 'Export my data' })

async function inviteByHand(page: Page, friends: string[]): Promise<void> {
  await inviting(page).getByLabel('Their addresses').fill(friends.join('\n'))
  await page.getByRole('button', { name: `Invite ${friends.length} friends` }).click()
}

onSharedApp(
  'a hundred made-up friends: from the button to the last mail, live',
  { tag: '@long' },
  async ({ page }) => {
    const complaints = listenForComplaints(page)
    await signUpByHand(page)
    await page.getByRole('button', { name: 'Make up 100 friends' }).click()
    await page.getByRole('button', { name: 'Invite 100 friends' }).click()
    const panel = inviting(page)
    await expect(panel).toContainText(/Ordered! You waited [\d.]+ m?s/)
    await expect(panel.getByRole('progressbar', { name: 'Invitations sent' })).toBeVisible()
    await expect(panel).toContainText(/100 of 100 sent, \d bounced/)
    await expect(panel.getByRole('status')).toHaveText(/^All invitations are out: 100 of 100 sent/)
    // No friend is left to invite.
    await expect(panel.getByRole('textbox')).toHaveCount(0)
    expect(complaints).toEqual([])
  },
)

onSharedApp(
  'a page that the browser translates keeps up: a hundred friends, live',
  { tag: '@long' },
  async ({ page }) => {
    await signUpByHand(page)
    const complaints = await translate(page)
    await page.getByRole('button', { name: 'Make up 100 friends' }).click()
    await page.getByRole('button', { name: 'Invite 100 friends' }).click()
    await expect(inviting(page)).toContainText(/100 OF 100 SENT, 3 BOUNCED/)
    expect(complaints).toEqual([])
  },
)

onSharedApp('two friends by hand: one of them misspelt, then both', async ({ page }) => {
  await signUpByHand(page)
  const field = inviting(page).getByLabel('Their addresses')
  await field.fill(`grace@nowhere, ${newAddress()}`)
  await page.getByRole('button', { name: 'Invite 2 friends' }).click()
  await expect(field).toBeFocused()
  await expect(field).toHaveAccessibleDescription('“grace@nowhere” is not an address.')
  await expect(field).toHaveValue(/grace@nowhere/)

  const friends = [newAddress(), newAddress()]
  await field.fill(friends.join('\n'))
  await page.getByRole('button', { name: 'Invite 2 friends' }).click()
  await expect(inviting(page)).toContainText('2 of 2 sent')
  await expect(field).toHaveValue('')
  expect(await sql('SELECT FROM "Email" WHERE recipient = ANY ($1)', [friends])).toHaveLength(2)
})

onSharedApp('my data: from the button to the file', async ({ page }) => {
  const complaints = listenForComplaints(page)
  const email = newAddress()
  await signUpByHand(page, email)
  await exporting(page).getByRole('button', { name: 'Export my data' }).click()
  await expect(exporting(page)).toContainText(/Ordered! You waited [\d.]+ m?s/)
  await expect(exporting(page)).toContainText(/will be deleted on \d+ \w+, \d\d:\d\d UTC/)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('my-data.json')
  const file = JSON.parse(await readFile(await download.path(), 'utf8'))
  expect(file.account).toMatchObject({ name: 'Ada', email })

  await page.getByRole('button', { name: 'Make a new one' }).click()
  await expect(page.getByRole('link', { name: 'Download' })).toBeVisible()
  expect(complaints).toEqual([])
})

onSharedApp('a stranger who knows the address sees the ticket, and nothing to order', async ({ page }) => {
  const { id } = await signUp()
  await signUpByHand(page)
  await page.goto(`/tickets/${id}`)
  await expect(page.getByRole('region', { name: /^Ticket/ })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'More orders?' })).toHaveCount(0)
})

onSharedApp(
  'signed in as another user, or signed out: the page says so',
  { tag: '@long' },
  async ({ page, context }) => {
    await signUpByHand(page)
    await expect(exporting(page)).toBeVisible()
    await context.clearCookies()
    await page.getByRole('link', { name: 'Sign up another person' }).click()
    await sendForm(page)
    await expect(exporting(page)).toBeVisible()
    await page.goBack()
    await page.goBack()
    await expect(page.getByRole('alert').filter({ hasText: 'Not your ticket' })).toBeVisible()

    await signUpByHand(page)
    await expect(exporting(page)).toBeVisible()
    await context.clearCookies()
    await exporting(page).getByRole('button', { name: 'Export my data' }).click()
    await expect(exporting(page).getByRole('alert')).toContainText('Not signed in')
  },
)

test('an export in the middle: told chapter by chapter, a reload goes on, and Cancel ends it', {
  tag: '@long',
}, async ({ stack, page }) => {
  await signUpByHand(page)
  const panel = exporting(page)
  await panel.getByRole('button', { name: 'Export my data' }).click()
  await expect(panel).toContainText('In the queue')
  await expect(panel).toContainText('No worker is on duty.')

  await stack.startWorker({ EXPORT_PAUSE_MS: '600000' })
  await expect(panel).toContainText('2 of 5: emails to you')
  await page.reload()
  await expect(panel).toContainText('2 of 5: emails to you')
  await expect(panel.getByRole('progressbar', { name: 'Your export' })).toHaveAttribute('value', '1')

  await panel.getByRole('button', { name: 'Cancel' }).click()
  await expect(panel.getByRole('status')).toHaveText('Your export is canceled. Nothing of it was kept.')
  await expect(panel.getByRole('heading', { name: 'Export my data' })).toBeFocused()
  await page.reload()
  await expect(panel.getByRole('button', { name: 'Export my data' })).toBeVisible()
})

test('invitations in the middle: a reload goes on, and a worker that comes later does the rest', {
  tag: '@long',
}, async ({ stack, page }) => {
  await signUpByHand(page)
  await inviteByHand(page, makeFriends(5))
  const panel = inviting(page)
  await expect(panel).toContainText('0 of 5 sent')
  const worker = await stack.startWorker()
  await expect(panel).toContainText('5 of 5 sent')
  await worker.kill('SIGTERM')
  await inviteByHand(page, makeFriends(3, 'bounced'))
  await expect(panel).toContainText('5 of 8 sent')
  await page.reload()
  await expect(panel).toContainText('5 of 8 sent')
  await expect(panel).toContainText('No worker is on duty.')
  await stack.startWorker()
  await expect(panel).toContainText('8 of 8 sent, 3 bounced')
})

test('signed out while an order is in flight: the page says so, and stops asking', { tag: '@long' }, async ({
  page,
  context,
}) => {
  await signUpByHand(page)
  await exporting(page).getByRole('button', { name: 'Export my data' }).click()
  await expect(exporting(page)).toContainText('No worker is on duty.')
  await context.setOffline(true)
  await context.clearCookies()
  await expect(exporting(page)).toContainText('The connection is lost.')
  await context.setOffline(false)
  await expect(page.getByRole('alert').filter({ hasText: 'Not signed in' })).toBeVisible()
  await expect(exporting(page)).not.toContainText('The connection is lost.')
})

test('no stream is open when nothing is in flight', { tag: '@long' }, async ({ stack, page }) => {
  const streams: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/orders/events')) streams.push(request.url())
  })
  await stack.startWorker()
  await signUpByHand(page)
  await exporting(page).getByRole('button', { name: 'Export my data' }).click()
  await expect(page.getByRole('link', { name: 'Download' })).toBeVisible()
  expect(streams).toHaveLength(1)
  await page.reload()
  await expect(page.getByRole('link', { name: 'Download' })).toBeVisible()
  expect(streams).toHaveLength(1)
})

test('no violations by day and night, and no sideways scroll on a phone, in every state', {
  tag: '@long',
}, async ({ stack, page }) => {
  await signUpByHand(page)
  await page.getByRole('button', { name: 'Make up 100 friends' }).click()
  await expectUsable(page)

  const field = inviting(page).getByLabel('Their addresses')
  await field.fill(`${'x'.repeat(200)} @ grace`)
  await page.getByRole('button', { name: 'Invite 3 friends' }).click()
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await expectUsable(page)

  await inviteByHand(page, [...makeFriends(4), ...makeFriends(1, 'bounced')])
  await expect(inviting(page)).toContainText('0 of 5 sent')
  await exporting(page).getByRole('button', { name: 'Export my data' }).click()
  await expect(exporting(page)).toContainText('In the queue')
  await expectUsable(page)

  await stack.startWorker()
  await expect(page.getByRole('link', { name: 'Download' })).toBeVisible()
  await expect(inviting(page)).toContainText('5 of 5 sent, 1 bounced')
  await expectUsable(page)
})
