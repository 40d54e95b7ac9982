import { expect, test } from '@playwright/test'
import { findViolations } from '../pages/accessibility'
import { expectDelivered, listenForComplaints, signUpByHand } from '../pages/person'

test('only its owner sees, behind the ticket, one trace from the request to the report', async ({
  page,
  browser,
}) => {
  const complaints = listenForComplaints(page)
  const id = await signUpByHand(page)
  await expectDelivered(page)
  await page.getByRole('link', { name: 'Behind this ticket' }).click()
  await expect(page).toHaveTitle('Behind this ticket · Behind the Scenes')
  // The ticket has said how long the person waited, which is longer: one thing, one number.
  await expect(page.getByText('The server answered in')).toContainText(/\d m?s/)
  await expect(page.getByText('You waited')).toHaveCount(0)
  const steps = page.getByRole('region', { name: /^Trace/ }).getByRole('listitem')
  // It comes in parts, from two processes.
  await expect(steps.filter({ hasText: 'Webhook: delivered' })).toBeVisible()
  for (const [index, step] of [
    'The request web',
    'One transaction web',
    'Job queued web',
    'Waits queue',
    // Unless another user's earlier job has taken the mail along.
    '(The job|Waits for its turn) worker',
  ].entries())
    await expect(steps.nth(index)).toContainText(new RegExp(`${step}.*\\d m?s`))
  for (const step of ['Waits for its turn worker', 'Batch written down worker', 'One request Resend'])
    await expect(steps.filter({ hasText: step })).toHaveCount(1)

  // The last picture of the stage.
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.keyboard.press('Alt+Shift+KeyS')
  await expect(page.getByText('Say “got it” at once. Do the slow work behind the scenes.')).toBeInViewport({
    ratio: 1,
  })
  await page.keyboard.press('Alt+Shift+KeyS')

  await page.setViewportSize({ width: 390, height: 800 })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  expect(await findViolations(page)).toEqual([])
  expect(complaints).toEqual([])
  const stranger = await browser.newPage()
  await stranger.goto(`/tickets/${id}`)
  await expect(stranger.getByRole('link', { name: 'Read the email' })).toBeVisible()
  await expect(stranger.getByRole('link', { name: 'Behind this ticket' })).toHaveCount(0)
  expect((await stranger.goto(`/tickets/${id}/behind`))?.status()).toBe(404)
  await stranger.close()
})
