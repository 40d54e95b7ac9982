import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, test as onSharedApp } from '@playwright/test'
import { app, isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { query } from '../stack'
import { findViolations } from './accessibility'
import { expectDelivered } from './person'
import { test } from './test'

for (const path of [
  `/tickets/${randomUUID()}`,
  '/tickets/rubbish',
  `/tickets/${encodeURIComponent("';--")}`,
  '/nowhere',
]) {
  onSharedApp(
    `${path.replace(/[0-9a-f-]{36}/, '<unknown>')} is a 404 that leads back to the signup`,
    async ({ page }) => {
      const response = await page.goto(path)
      expect(response?.status()).toBe(404)
      await expect(page).toHaveTitle('Not found · Behind the Scenes')
      await expect(page.getByRole('heading', { name: 'There is nothing here.' })).toBeVisible()
      await page.getByRole('link', { name: 'Go to the signup' }).click()
      await expect(page.getByRole('button', { name: 'Sign me up' })).toBeVisible()
    },
  )
}

test('when the database fails, the page owns up to it, and “Try again” brings the ticket', async ({
  stack,
  page,
}) => {
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await waitForSnapshot(id, isDelivered, stack.appUrl)
  await query(stack.databaseUrl, 'ALTER TABLE "EmailEvent" RENAME TO "EmailEventAway"')
  try {
    const response = await page.goto(`/tickets/${id}`)
    expect(response?.status()).toBe(500)
    await expect(page).toHaveTitle('Something went wrong · Behind the Scenes')
    await expect(page.getByRole('heading', { name: 'Something went wrong.' })).toBeVisible()
    expect(await findViolations(page)).toEqual([])
  } finally {
    await query(stack.databaseUrl, 'ALTER TABLE "EmailEventAway" RENAME TO "EmailEvent"')
  }
  await page.getByRole('button', { name: 'Try again' }).click()
  await expectDelivered(page)
  await expect(page).toHaveTitle('Your ticket · Behind the Scenes')
})

onSharedApp('tickets and mails are not for search engines', async () => {
  const { id } = await signUp()
  for (const path of [`/tickets/${id}`, '/inbox', `/inbox/${id}`]) {
    expect(await (await fetch(app.url + path)).text()).toMatch(/<meta name="robots" content="noindex/)
  }
})

onSharedApp('pages and API send the security headers, and do not say what they run on', async () => {
  for (const path of ['/', '/inbox', '/nowhere', `/tickets/${randomUUID()}`, '/api/health']) {
    const { headers } = await fetch(app.url + path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('x-powered-by')).toBeNull()
  }
})

onSharedApp('the header marks where one is', async ({ page }) => {
  const inbox = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Inbox' })
  for (const [path, mark] of [
    ['/inbox', 'page'],
    [`/inbox/${randomUUID()}`, 'true'],
  ] as const) {
    await page.goto(path)
    await expect(inbox).toHaveAttribute('aria-current', mark)
  }
  await page.goto('/')
  await expect(inbox).toBeVisible()
  await expect(inbox).not.toHaveAttribute('aria-current')
})

onSharedApp('the footer leads to the code, where package.json says it is', async ({ page }) => {
  const { repository } = JSON.parse(await readFile('package.json', 'utf8'))
  await page.goto('/')
  const links = page.getByRole('contentinfo').getByRole('link')
  await expect(links).toHaveCount(2)
  await expect(links.first()).toHaveAttribute('href', repository.url)
  await expect(links.last()).toHaveAttribute('href', `${repository.url}/blob/main/docs/faults.md`)
})
