import { expect } from '@playwright/test'
import { isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { test } from './test'

test('an outage, then recovery: the ticket shows both, and one mail is sent', async ({ stack, page }) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'outage' })
  await page.goto(stack.appUrl)
  await page.getByLabel('Name').fill('Ada')
  const email = newAddress()
  await page.getByLabel('Email').fill(email)
  await page.getByRole('button').click()
  await expect(page).toHaveURL(/\/signups\//)
  await expect(page.getByText(/retrying/i).first()).toBeVisible()

  await stack.setProvider({ mode: 'ok' })
  await expect(page.getByText(/^delivered$/i).first()).toBeVisible()
  await page.goto(`${stack.appUrl}/inbox`)
  await expect(page.getByText(email)).toHaveCount(1)
})

test('what cannot succeed goes to the dead-letter queue, with its reason', async ({ stack }) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'invalid' })
  const { id } = await signUp(newAddress(), stack.appUrl)
  const snapshot = await waitForSnapshot(id, ({ final }) => final, stack.appUrl)
  expect(snapshot).toMatchObject({ status: 'failed', attempts: 1 })
  expect(snapshot.timeline.at(-1)?.reason).toBe('validation_error')
})

test('a bounce ends on the ticket', async ({ stack }) => {
  await stack.startWorker()
  const { id } = await signUp(`bounced+${newAddress().slice(0, 8)}@resend.dev`, stack.appUrl)
  const snapshot = await waitForSnapshot(id, ({ final }) => final, stack.appUrl)
  expect(snapshot.status).toBe('bounced')
  expect(snapshot.timeline.map(({ status }) => status)).toEqual(['queued', 'sending', 'sent', 'bounced'])
  expect(isDelivered(snapshot)).toBe(false)
})
