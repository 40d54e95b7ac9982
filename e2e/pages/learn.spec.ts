import { randomUUID } from 'node:crypto'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, type Locator, test as onSharedApp, type Page } from '@playwright/test'
import { makeDue } from '../faults/steps'
import { expectUsable } from './accessibility'
import { listenForComplaints, listenForSignups, ticketOn } from './person'
import { test } from './test'

const STEPS = ['You sign up', 'Instant reply', 'Task queued', 'Worker runs', 'Done']
const TIME = /\+[\d.]+ (ms|s)$/

function jobOn(page: Page): Locator {
  return page.getByRole('region', { name: 'Your job' })
}

function stepOn(page: Page, title: string): Locator {
  return jobOn(page).getByRole('listitem').filter({ hasText: title })
}

async function pressSignUp(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Sign up/ }).click()
}

async function openLesson(page: Page): Promise<void> {
  await page.goto('/learn')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

async function expectAllSteps(page: Page): Promise<void> {
  for (const title of STEPS) await expect(stepOn(page, title)).toHaveText(TIME)
  await expect(jobOn(page).getByText('delivered', { exact: true })).toBeVisible()
}

/** Everything that is added to the log from now on, as a screen reader would say it. */
async function listenToLog(page: Page): Promise<() => Promise<string[]>> {
  await page.getByRole('log').evaluate((log) => {
    const heard: string[] = []
    Object.assign(window, { heard })
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) heard.push(node.textContent ?? '')
    }).observe(log, { childList: true })
  })
  return () => page.evaluate(() => (window as unknown as { heard: string[] }).heard)
}

onSharedApp('the page has a title, a description, and headings in order', async ({ page }) => {
  await openLesson(page)
  await expect(page).toHaveTitle('Learn · Behind the Scenes')
  await expect(page.locator('meta[name=description]')).toHaveAttribute('content', /background job/)
  const levels = await page
    .getByRole('heading')
    .evaluateAll((headings) => headings.map(({ tagName }) => Number(tagName.slice(1))))
  expect(levels.filter((level) => level === 1)).toHaveLength(1)
  expect(levels[0]).toBe(1)
  for (const [index, level] of levels.entries())
    expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1)
})

onSharedApp(
  'a job of the reader’s own goes through all five steps, and another one after it',
  async ({ page }) => {
    const complaints = listenForComplaints(page)
    const keys = listenForSignups(page)
    await openLesson(page)
    const heard = await listenToLog(page)
    await expect(stepOn(page, 'Done')).not.toHaveText(TIME)

    await pressSignUp(page)
    await expectAllSteps(page)
    expect((await heard()).map((words) => words.replace(/after [\d.]+ m?s/, 'after …'))).toEqual(
      STEPS.map((title, index) => `Step ${index + 1}: ${title}, after ….`),
    )

    const link = jobOn(page).getByRole('link', { name: 'See its whole ticket' })
    const first = await link.getAttribute('href')
    await pressSignUp(page)
    await expect(link).not.toHaveAttribute('href', first ?? '')
    await expectAllSteps(page)
    expect(new Set(keys).size).toBe(2)
    const waited = /^[\d.]+/.exec(await jobOn(page).getByRole('strong').first().innerText())?.[0]

    await link.click()
    await expect(ticketOn(page)).toContainText(`You waited ${waited}`)
    expect(complaints).toEqual([])
  },
)

test('a mail service that is down: the ticket says so, and goes on when it is back', async ({
  stack,
  page,
}) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'outage' })
  await openLesson(page)
  await pressSignUp(page)
  await expect(jobOn(page).getByRole('status')).toContainText('The mail service is down.')
  await expect(jobOn(page)).toContainText(/attempt 2 (in \d s|any moment now)/)
  await expect(stepOn(page, 'Worker runs')).toHaveText(TIME)
  await expect(stepOn(page, 'Done')).not.toHaveText(TIME)

  await stack.setProvider({ mode: 'ok' })
  await makeDue(stack)
  await expectAllSteps(page)
  await expect(jobOn(page)).not.toContainText('The mail service is down.')
})

test('no worker: the ticket says so, and goes on when one starts', async ({ stack, page }) => {
  await openLesson(page)
  await pressSignUp(page)
  await expect(jobOn(page).getByRole('status')).toContainText('No worker is on duty.')
  await expect(stepOn(page, 'Task queued')).toHaveText(TIME)
  await expect(stepOn(page, 'Worker runs')).not.toHaveText(TIME)

  await stack.startWorker()
  await expectAllSteps(page)
  await expect(jobOn(page)).not.toContainText('No worker is on duty.')
})

test('a mail that nobody can send: the ticket says so and is not done', async ({ stack, page }) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'invalid' })
  await openLesson(page)
  await pressSignUp(page)
  await expect(jobOn(page).getByText('failed', { exact: true })).toBeVisible()
  await expect(jobOn(page).getByRole('status')).toContainText('The mail service doesn’t accept this email.')
  await expect(stepOn(page, 'Done')).not.toHaveText(TIME)
})

onSharedApp(
  'a mail that bounces: the job is done, and the ticket says what became of the mail',
  async ({ page }) => {
    await page.route('/api/users', (route) =>
      route.continue({
        postData: JSON.stringify({ name: 'A reader', email: `bounced+${randomUUID()}@resend.dev` }),
      }),
    )
    await openLesson(page)
    await pressSignUp(page)
    await expect(jobOn(page).getByText('bounced', { exact: true })).toBeVisible()
    await expect(jobOn(page).getByRole('status')).toContainText('The mailbox refused the email')
    await expect(stepOn(page, 'Done')).toHaveText(TIME)
  },
)

onSharedApp(
  'a server that cannot be reached: the same signup goes out at the next press',
  async ({ page }) => {
    const keys = listenForSignups(page)
    await openLesson(page)
    await page.route('/api/users', (route) => route.abort())
    await pressSignUp(page)
    await expect(page.getByRole('alert').filter({ hasText: 'We couldn’t reach the server.' })).toBeVisible()
    await expect(stepOn(page, 'You sign up')).not.toHaveText(TIME)

    await page.unroute('/api/users')
    await pressSignUp(page)
    await expectAllSteps(page)
    await expect(page.getByText('We couldn’t reach the server.')).toBeHidden()
    expect(keys).toHaveLength(2)
    expect(new Set(keys).size).toBe(1)
  },
)

test('without the sandbox nobody is made up: the button leads to the form', async ({ stack, page }) => {
  const web = await stack.startWeb({ env: { RESEND_API_KEY: 're_real' } })
  await page.goto(`${web.url}/learn`)
  await expect(page.getByText('a reader who does not exist')).toBeHidden()
  await expect(page.getByRole('button', { name: /^Sign up/ })).toHaveCount(0)
  await page.getByRole('link', { name: 'Sign up on the first page' }).click()
  await expect(page.getByRole('button', { name: 'Sign me up' })).toBeVisible()
})

onSharedApp('the code beside the steps is the code of the app, line by line', async ({ page }) => {
  await openLesson(page)
  const figures = await page
    .getByRole('figure')
    .filter({ has: page.locator('pre') })
    .all()
  const files = []
  for (const figure of figures) {
    const [file = '', line] = (await figure.locator('figcaption').innerText()).split(':')
    const code = ((await figure.locator('code').textContent()) ?? '').split('\n')
    const source = readFileSync(file, 'utf8')
      .split('\n')
      .slice(Number(line) - 1)
    const indent = /^ */.exec(source[0] ?? '')?.[0].length
    expect(code).toEqual(source.slice(0, code.length).map((text) => text.slice(indent)))
    expect(code.length).toBeGreaterThan(3)
    files.push(file)
  }
  expect(files).toEqual([
    'app/components/signup/send-signup.ts',
    'app/api/users/route.ts',
    'lib/signup/signup.ts',
    'worker/deliver.ts',
    'lib/email/batch.ts',
  ])
})

const LOST_CODE = {
  'renamed in the source': {
    change: (folder: string) => {
      const file = path.join(folder, 'lib/signup/signup.ts')
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('createSignup', 'makeSignup'))
    },
    complaint: '0 of its lines begin with “export async function createSignup”, not one',
  },
  'gone with its file': {
    change: (folder: string) => rmSync(path.join(folder, 'lib/signup/signup.ts')),
    complaint: 'no such file',
  },
}
for (const [fate, { change, complaint }] of Object.entries(LOST_CODE)) {
  test(`code that is ${fate}: the build fails and says what is missing`, async ({ stack }, { outputDir }) => {
    const folder = path.resolve(outputDir, 'copy')
    for (const part of ['app', 'lib', 'worker', 'next.config.mjs', 'package.json']) {
      cpSync(part, path.join(folder, part), { recursive: true })
    }
    change(folder)
    const { code, output } = await stack.run(['node_modules/next/dist/bin/next', 'build', folder])
    // What is left lying here, the compiler would check along with the app.
    rmSync(folder, { recursive: true })
    expect(code).toBe(1)
    expect(output).toContain('The lesson shows lines of lib/signup/signup.ts and can’t find them')
    expect(output).toContain(complaint)
    expect(output).toContain('app/(stage)/learn/excerpts.mjs')
  })
}

const RIGHT = [1, 2, 0]

async function answer(page: Page, question: number, option: number): Promise<void> {
  await page.getByRole('group').nth(question).getByRole('radio').nth(option).check()
  await page.getByRole('button', { name: `Check answer ${question + 1}` }).click()
}

function feedbackOn(page: Page, question: number): Locator {
  return page
    .locator('form')
    .filter({ has: page.getByRole('group') })
    .nth(question)
    .getByRole('status')
}

onSharedApp('the quiz: every answer is explained, right or wrong', async ({ page }) => {
  await openLesson(page)
  await expect(page.getByRole('group')).toHaveCount(RIGHT.length)
  const explanations = new Set<string>()
  for (const [question, right] of RIGHT.entries()) {
    await page.getByRole('button', { name: `Check answer ${question + 1}` }).click()
    await expect(feedbackOn(page, question)).toHaveText('Choose an answer first.')
    for (const option of [0, 1, 2]) {
      await answer(page, question, option)
      await expect(feedbackOn(page, question)).toContainText(
        option === right ? /^Right\. \w/ : /^Not quite\. \w/,
      )
      explanations.add(await feedbackOn(page, question).innerText())
    }
  }
  expect(explanations.size).toBe(9)
})

onSharedApp(
  'the quiz by keyboard alone: a wrong answer, right ones, and then a perfect score',
  async ({ page }) => {
    const { keyboard } = page
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await keyboard.press(key)
    }
    const score = page.getByRole('region', { name: 'Your score' })
    await openLesson(page)
    await page.getByRole('button', { name: /^Sign up/ }).focus()
    await press('Tab', 'Space', 'Tab', 'Enter')
    await expect(feedbackOn(page, 0)).toContainText('Not quite.')
    await press('Shift+Tab', 'ArrowDown', 'Tab', 'Enter')
    await expect(feedbackOn(page, 0)).toContainText('Right.')
    await press('Tab', 'ArrowDown', 'ArrowDown', 'Tab', 'Enter')
    await expect(score.getByRole('status')).toBeEmpty()
    await press('Tab', 'Space', 'Tab', 'Enter')
    await expect(score.getByRole('status')).toHaveText(/^2 of 3 right at the first try\. .*in one go/)
    await expect(score.getByText('On the house')).toBeHidden()

    await press('Tab')
    await expect(page.getByRole('button', { name: 'Try again' })).toBeFocused()
    await press('Enter')
    await expect(page.getByRole('radio').first()).toBeFocused()
    await expect(page.getByRole('radio', { checked: true })).toHaveCount(0)
    await press('ArrowDown', 'Tab', 'Enter', 'Tab', 'ArrowDown', 'ArrowDown', 'Tab', 'Enter')
    await press('Tab', 'Space', 'Tab', 'Enter')
    await expect(score.getByRole('status')).toHaveText(/^3 of 3 right at the first try\. A perfect score/)
    await expect(score.getByText('On the house')).toBeVisible()
  },
)

onSharedApp('paper falls for a perfect score, but not for those who prefer less motion', async ({ page }) => {
  const count = () => page.evaluate(() => document.getAnimations().length)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await openLesson(page)
  for (const [question, right] of RIGHT.entries()) await answer(page, question, right)
  await expect(page.getByText('On the house')).toBeVisible()
  expect(await count()).toBe(0)
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  expect(await count()).toBeGreaterThan(20)
})

test('a job in progress moves, but not for those who prefer less motion', async ({ page }) => {
  const count = () => page.evaluate(() => document.getAnimations().length)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await openLesson(page)
  await pressSignUp(page)
  await expect(stepOn(page, 'Task queued')).toHaveText(TIME)
  expect(await count()).toBe(0)
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  expect(await count()).toBeGreaterThan(0)
})

const STATES: Record<string, (page: Page) => Promise<void>> = {
  fresh: openLesson,
  'with a job that is done and a wrong answer': async (page) => {
    await openLesson(page)
    await pressSignUp(page)
    await expectAllSteps(page)
    await answer(page, 0, 0)
  },
  'with a perfect score': async (page) => {
    await openLesson(page)
    for (const [question, right] of RIGHT.entries()) await answer(page, question, right)
    await expect(page.getByText('On the house')).toBeVisible()
  },
}
for (const [state, open] of Object.entries(STATES)) {
  onSharedApp(
    `the lesson ${state}: no violations by day and night, and no sideways scroll`,
    async ({ page }) => {
      const complaints = listenForComplaints(page)
      await open(page)
      await expectUsable(page)
      expect(complaints).toEqual([])
    },
  )
}

test('the lesson in trouble: no violations by day and night, and no sideways scroll', async ({
  stack,
  page,
}) => {
  await openLesson(page)
  await page.route('/api/users', (route) => route.abort())
  await pressSignUp(page)
  await expect(page.getByText('We couldn’t reach the server.')).toBeVisible()
  await expectUsable(page)

  await page.unroute('/api/users')
  await stack.setProvider({ mode: 'outage' })
  await stack.startWorker({ RETRY_MAX_SECONDS: '60' })
  await pressSignUp(page)
  await expect(jobOn(page)).toContainText('The mail service is down.')
  await expectUsable(page)
})
