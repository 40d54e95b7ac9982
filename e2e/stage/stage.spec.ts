import { expect, type Locator, type Page } from '@playwright/test'
import { newAddress, postSignup } from '../app'
import { findViolations, measureOverflow } from '../pages/accessibility'
import { expectDelivered, sendForm, signUpByHand, ticketOn } from '../pages/person'
import { startProcess } from '../stack'
import { test } from '../test'

const KEY = 'Alt+Shift+KeyS'

// A projector.
test.use({ viewport: { width: 1280, height: 720 } })

async function expectStage(page: Page, on: boolean): Promise<void> {
  await expect(page.locator('html[data-stage]')).toHaveCount(on ? 1 : 0)
}

test('a key puts the app on stage, and takes it down again', async ({ page }) => {
  await page.goto('/')
  await expectStage(page, false)
  const usual = await measureType(page.getByLabel('Name'))
  await page.keyboard.press(KEY)
  await expectStage(page, true)
  expect(await measureType(page.getByLabel('Name'))).toBeGreaterThan(usual)
  await page.keyboard.press(KEY)
  await expectStage(page, false)
  expect(await measureType(page.getByLabel('Name'))).toBe(usual)
})

test('the key is left to those who type, and so are its neighbours', async ({ page }) => {
  await page.goto('/')
  await page.getByLabel('Name').press(KEY)
  for (const key of ['s', 'Shift+KeyS', 'Alt+KeyS', 'Control+Alt+Shift+KeyS']) {
    await page.getByRole('button').press(key)
  }
  await expectStage(page, false)
  await page.getByRole('button').press(KEY)
  await expectStage(page, true)
})

test('the address puts the app on stage, where it stays until told otherwise', { tag: '@long' }, async ({
  page,
}) => {
  await page.goto('/?stage')
  await expectStage(page, true)
  await sendForm(page)
  await expectDelivered(page)
  await expectStage(page, true)
  await page.reload()
  await expectStage(page, true)
  await page.goto('/inbox')
  await expectStage(page, true)
  await page.getByRole('link', { name: 'Behind the Scenes' }).click()
  await expect(page.getByLabel('Name')).toBeVisible()
  await expectStage(page, true)
  const tab = await page.context().newPage()
  await tab.goto('/')
  await expectStage(tab, true)

  await page.goto('/?stage=off')
  await expectStage(page, false)
  await page.goto('/')
  await expectStage(page, false)
})

test('on stage from the first paint: it waits for no script that has to be fetched', async ({ page }) => {
  await page.route('**/*.js', (route) => route.abort())
  await page.goto('/?stage')
  await expectStage(page, true)
})

test('a browser that keeps nothing still has a stage for each page', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('The operation is insecure.', 'SecurityError')
      },
    })
  })
  await page.goto('/?stage')
  await expectStage(page, true)
  await page.keyboard.press(KEY)
  await expectStage(page, false)
})

for (const colorScheme of ['light', 'dark'] as const) {
  const tag = colorScheme === 'dark' ? '@long' : []
  test(`a projector shows the whole form and the whole ticket at once, ${colorScheme}`, { tag }, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.goto('/?stage')
    for (const part of [
      page.getByRole('heading', { name: 'can wait.' }),
      page.getByRole('button', { name: 'Sign me up' }),
      page.getByRole('region', { name: 'The five steps of a signup' }),
    ]) {
      await expect(part).toBeInViewport({ ratio: 1 })
    }
    expect(await findViolations(page)).toEqual([])

    await sendForm(page)
    await expectDelivered(page)
    await expect(page.getByRole('heading', { name: 'The email has arrived.' })).toBeInViewport({ ratio: 1 })
    await expect(ticketOn(page)).toBeInViewport({ ratio: 1 })
    expect(await measureOverflow(page)).toBe(0)
    expect(await findViolations(page)).toEqual([])
  })
}

test('a ghost run walks through the blank ticket, but not for those who prefer less motion', async ({
  page,
}) => {
  const count = () => page.evaluate(() => document.getAnimations().length)
  await page.goto('/')
  expect(await count()).toBe(6)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  expect(await count()).toBe(0)
})

test('on a phone, the stage changes nothing that would not fit', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 })
  await signUpByHand(page)
  await expectDelivered(page)
  const usual = await measureType(ticketOn(page))
  await page.keyboard.press(KEY)
  await expectStage(page, true)
  expect(await measureType(ticketOn(page))).toBe(usual)
  expect(await measureOverflow(page)).toBe(0)
})

test('npm run demo -- --stage: each start is a new show, with a link for the projector and no worker', {
  tag: '@long',
}, async ({ page }) => {
  const own = { APP_URL: '', DATABASE_URL: '', RESEND_API_KEY: '' }
  const settings = { ...own, SANDBOX_DIR: 'test-results/show', PORT: '0' }
  const address = newAddress()
  for (const start of ['the rehearsal', 'the show']) {
    const args = ['--import', 'tsx', 'sandbox/run.ts', 'demo', '--stage']
    const demo = await startProcess(args, /Present {2}\S+/, settings)
    const url = /READY (\S+)/.exec(demo.output())?.[1] ?? ''
    expect(demo.output()).toContain('--env-file=test-results/show/env worker/index.ts')
    expect(await (await fetch(`${url}/api/health`)).json()).toMatchObject({ workers: 0 })
    expect((await postSignup({ name: 'Ada', email: address }, {}, url)).status, start).toBe(201)
    await page.goto(/Present {2}(\S+)/.exec(demo.output())?.[1] ?? '')
    await expectStage(page, true)
    await demo.kill('SIGTERM')
  }
})

async function measureType(locator: Locator): Promise<number> {
  return locator.evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize))
}
