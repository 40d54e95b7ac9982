import { expect } from '@playwright/test'
import { newAddress, signUp } from '../app'
import { test } from '../test'
import { hurry } from './steps'

test('no worker: the ticket waits for one, and goes on by itself when one starts', async ({
  stack,
  page,
}) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  await page.goto(`${stack.appUrl}/tickets/${id}`)
  await expect(page.getByText('waiting for a worker')).toBeVisible()
  await expect(page.getByText('No worker is on duty.')).toBeVisible()
  await stack.startWorker()
  await expect(page.getByText(/^delivered$/i).first()).toBeVisible()
  await expect(page.getByText('waiting for a worker')).toBeHidden()
})

test('retrying: the ticket says why, and when the next attempt is', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await stack.setProvider({ mode: 'bad-key' })
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await page.goto(`${stack.appUrl}/tickets/${id}`)
  await expect(
    page.getByText('The mail service doesn’t accept our account. We have to fix that.'),
  ).toBeVisible()
  const next = page.getByText(/^attempt 2 in \d+ s$/)
  await expect(next).toBeVisible()
  // It counts down.
  const before = await next.innerText()
  await expect(next).not.toHaveText(before)

  await stack.setProvider({ mode: 'ok' })
  await hurry(stack, () => expect(page.getByText(/^delivered$/i).first()).toBeVisible())
  await expect(next).toBeHidden()
})

test('given up: the ticket says so, and why', { tag: '@long' }, async ({ stack, page }) => {
  await stack.setProvider({ mode: 'invalid' })
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await page.goto(`${stack.appUrl}/tickets/${id}`)
  await expect(page.getByText('The mail service doesn’t accept this email.')).toBeVisible()
  await expect(page.getByText('the worker has put it aside. The account is not affected.')).toBeVisible()
})

test('bounced: the ticket says so, and why', { tag: '@long' }, async ({ stack, page }) => {
  await stack.startWorker()
  const { id } = await signUp(`bounced+${newAddress().slice(0, 8)}@resend.dev`, stack.appUrl)
  await page.goto(`${stack.appUrl}/tickets/${id}`)
  await expect(page.getByText('The mailbox doesn’t exist, or refuses all mail.')).toBeVisible()
  await expect(page.getByText('The mailbox refused the email')).toBeVisible()
})

test('Postgres restarts under an open ticket: it goes on by itself', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  const { id } = await signUp(newAddress(), stack.appUrl)
  await page.goto(`${stack.appUrl}/tickets/${id}`)
  await expect(page.getByText('waiting for a worker')).toBeVisible()
  await stack.killPostgres('SIGQUIT')
  await stack.untilPostgresIsBack()
  await stack.startWorker()
  await expect(page.getByText(/^delivered$/i).first()).toBeVisible()
})
