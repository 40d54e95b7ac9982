import { randomUUID } from 'node:crypto'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, type Locator, type Page } from '@playwright/test'
import { makeDue } from '../faults/steps'
import { expectUsable, measureOverflow } from '../pages/accessibility'
import { listenForComplaints, listenForSignups, ticketOn } from '../pages/person'
import { test } from '../pages/test'
import { translate } from '../pages/translate'
import { test as onSharedApp } from '../test'

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

function shopOn(page: Page): Locator {
  return page.getByRole('figure', { name: 'The back of the shop' })
}

async function expectTold(page: Page, words: string): Promise<void> {
  await expect(shopOn(page).getByRole('status').first()).toContainText(words)
}

async function countWaiting(page: Page): Promise<number> {
  const text = await shopOn(page).getByRole('definition').nth(1).innerText()
  return Number(text.replace(',', ''))
}

/** Lets in sixty people, and closes the shop when there is a jam. */
async function playRush(page: Page): Promise<void> {
  await shopOn(page).getByRole('button', { name: 'Rush: 60 people' }).click()
  await expectTold(page, 'This is a jam.')
  await shopOn(page).getByRole('button', { name: 'Close, and compare' }).click()
}

/** Counts frames of the browser. */
async function countPictures(page: Page, frames: number): Promise<number> {
  return shopOn(page).evaluate(async (shop, frames) => {
    const pictures = new Set<string | undefined>()
    for (let frame = 0; frame < frames; frame++) {
      await new Promise(requestAnimationFrame)
      pictures.add(shop.querySelector('canvas')?.toDataURL())
    }
    return pictures.size
  }, frames)
}

onSharedApp(
  'the queue is played by keyboard: each remedy uncovers the next problem',
  { tag: '@long' },
  async ({ page }) => {
    const complaints = listenForComplaints(page)
    const { keyboard } = page
    const press = async (name: string, key = 'Enter'): Promise<void> => {
      await shopOn(page).getByRole('button', { name }).focus()
      await keyboard.press(key)
    }
    const check = async (name: string): Promise<void> => {
      await shopOn(page).getByRole('checkbox', { name }).focus()
      await keyboard.press('Space')
    }
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await openLesson(page)
    await expect(shopOn(page).getByRole('slider')).toHaveCount(0)
    await page.evaluate(async () => void (await document.fonts.ready))
    const { height } = (await shopOn(page).boundingBox()) ?? {}

    await press('Order a coffee')
    await expectTold(page, 'One worker sends')
    await press('Rush')
    await expectTold(page, 'This is a jam.')

    await press('Stop the workers')
    await expectTold(page, 'No worker is on duty.')
    const waiting = await countWaiting(page)
    await press('Order a coffee')
    await press('Order a coffee')
    await expect.poll(() => countWaiting(page)).toBeGreaterThanOrEqual(waiting + 2)
    await press('Start the workers')

    await shopOn(page).getByRole('slider', { name: 'Workers' }).focus()
    await keyboard.press('End')
    await expectTold(page, 'More workers')
    await press('Rush')
    await expectTold(page, 'Some workers are idle')
    await check('A hundred in one request')
    await expectTold(page, 'the jam is gone')
    await press('Newsletter to 30,000')
    await expectTold(page, 'behind thousands of newsletters')
    await check('Welcomes first')
    await press('Newsletter to 30,000')
    await press('Order a coffee')
    await expectTold(page, 'The welcome goes first')
    expect((await shopOn(page).boundingBox())?.height).toBe(height)

    await press('Close, and compare')
    await expect(page.getByRole('table')).toBeVisible()
    await expectUsable(page)
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
    await press('Open again')
    await expectTold(page, 'One worker sends')
    await expect(shopOn(page).getByRole('button', { name: 'Order a coffee' })).toBeFocused()
    expect(complaints).toEqual([])
  },
)

onSharedApp(
  'the reader’s own orders come once more, in four ways and through our own queue',
  { tag: '@long' },
  async ({ page }) => {
    const signups: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'POST') signups.push(new URL(request.url()).pathname)
    })
    await openLesson(page)
    await playRush(page)
    // 30 people, 50 ms apart; a mail takes 500 ms, and there is a request each 100 ms at most.
    const rows = page.getByRole('table').getByRole('row')
    await expect(rows).toHaveText([
      'Who waitsmedianlongest',
      'Mail sent inside the request',
      'person7.3 s14 s',
      'mail7.3 s14 s',
      'A queue with one worker',
      'person10 ms10 ms',
      'mail7.3 s14 s',
      'Eight workers',
      'person10 ms10 ms',
      'mail1.3 s1.9 s',
      'Eight workers, a hundred in one request',
      'person10 ms10 ms',
      'mail550 ms550 ms',
    ])

    await page.getByRole('button', { name: 'Send them through our own queue' }).click()
    await expect(page.getByText('All 30 mails are sent.')).toBeVisible()
    // Now every row has the mail service that was measured.
    await expect(page.getByText(/^These orders .* as measured, in all rows\.$/)).toBeVisible()
    await expect(rows.nth(3)).not.toHaveText('mail7.3 s14 s')
    await expect(rows).toHaveCount(16)
    await expect(rows.nth(13)).toHaveText('This app’s own queue, measured')
    await expect(rows.nth(14)).toHaveText(/^person[\d.]+ m?s[\d.]+ m?s$/)
    await expect(rows.nth(15)).toHaveText(/^mail[\d.]+ m?s[\d.]+ m?s$/)
    expect(signups).toEqual(Array.from({ length: 30 }, () => '/api/sandbox/race'))
  },
)

onSharedApp(
  'the shop moves, but not for those who prefer less motion, and never unseen',
  { tag: '@long' },
  async ({ page }) => {
    await openLesson(page)
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.reload()
    await shopOn(page).scrollIntoViewIfNeeded()
    expect(await countPictures(page, 10), 'before the first order').toBe(1)
    expect(await countWaiting(page)).toBe(2)
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await page.reload()
    await shopOn(page).scrollIntoViewIfNeeded()
    await expect.poll(() => countPictures(page, 10), { message: 'a ghost run' }).toBeGreaterThan(1)
    await expect(shopOn(page).getByRole('button', { name: 'Close, and compare' })).toBeDisabled()
    await shopOn(page).getByRole('button', { name: 'Rush' }).click()
    await expectTold(page, 'This is a jam.')
    expect(await countPictures(page, 10)).toBeGreaterThan(5)
    await page.emulateMedia({ reducedMotion: 'reduce' })
    expect(await countPictures(page, 10)).toBeLessThan(5)
    await page.evaluate(() => window.scrollTo(0, 0))
    await expect(shopOn(page)).not.toBeInViewport()
    const waiting = await countWaiting(page)
    expect(await countPictures(page, 40)).toBe(1)
    expect(await countWaiting(page)).toBe(waiting)
  },
)

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

test('a mail service that is down: the ticket says so, and goes on when it is back', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  await stack.setProvider({ mode: 'outage' })
  await openLesson(page)
  await pressSignUp(page)
  await expect(jobOn(page).getByRole('status')).toContainText('The mail service is down.')
  await expect(jobOn(page)).toContainText(/attempt \d+ (in \d+ s|any moment now)/)
  await expect(stepOn(page, 'Worker runs')).toHaveText(TIME)
  await expect(stepOn(page, 'Done')).not.toHaveText(TIME)

  await stack.setProvider({ mode: 'ok' })
  await makeDue(stack)
  await expectAllSteps(page)
  await expect(jobOn(page)).not.toContainText('The mail service is down.')
})

test('no worker: the ticket says so, and goes on when one starts', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  await openLesson(page)
  await pressSignUp(page)
  await expect(jobOn(page).getByRole('status')).toContainText('No worker is on duty.')
  await expect(stepOn(page, 'Task queued')).toHaveText(TIME)
  await expect(stepOn(page, 'Worker runs')).not.toHaveText(TIME)

  await stack.startWorker()
  await expectAllSteps(page)
  await expect(jobOn(page)).not.toContainText('No worker is on duty.')
})

test('a mail that cannot be sent: the ticket says so and is not done', { tag: '@long' }, async ({
  stack,
  page,
}) => {
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

test('without the sandbox no user is made up: the button leads to the form', { tag: '@long' }, async ({
  stack,
  page,
}) => {
  const web = await stack.startWeb({ env: { RESEND_API_KEY: 're_real' } })
  await page.goto(`${web.url}/learn`)
  await expect(page.getByText('a reader who does not exist')).toBeHidden()
  await expect(page.getByRole('button', { name: /^Sign up/ })).toHaveCount(0)
  await playRush(page)
  await expect(page.getByRole('table')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send them through our own queue' })).toHaveCount(0)
  await page.getByRole('link', { name: 'Sign up on the first page' }).click()
  await expect(page.getByRole('button', { name: 'Sign me up' })).toBeVisible()
})

onSharedApp('the code beside the story is the code of the app, line by line', async ({ page }) => {
  await openLesson(page)
  const figures = await page
    .getByRole('figure')
    .filter({ has: page.locator('figcaption', { hasText: /:\d+$/ }) })
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
    'lib/sending/batch.ts',
    'lib/signup/signup.ts',
    'worker/jobs/send-email.ts',
  ])
  await expect(figures.at(-2) as Locator).toContainText('await enqueueEmails(tx, [email])')
  await expect(page.getByRole('region', { name: 'Code: tasks.py' })).toContainText('time.sleep(3)')
  await expect(page.getByRole('region', { name: 'Code: signup.py' })).toContainText('.delay(email)')
})

onSharedApp('on a phone, code scrolls sideways by keyboard, and nothing else does', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 })
  await openLesson(page)
  const code = page.getByRole('region', { name: 'Code: lib/signup/signup.ts' }).last()
  const rows = await code
    .locator('code > span')
    .evaluateAll((lines) => lines.map((line) => line.clientHeight))
  expect(new Set(rows).size, 'no line is broken').toBe(1)
  await code.focus()
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => code.evaluate(({ scrollLeft }) => scrollLeft)).toBeGreaterThan(0)
  expect(await measureOverflow(page)).toBe(0)
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
    // The compiler would check a copy that is left here along with the app.
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
    await page.getByRole('radio').first().focus()
    await press('Space', 'Tab', 'Enter')
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
    await expect(score).toContainText('Say “got it” at once. Do the slow work behind the scenes.')
    await expect(score.getByText('On the house')).toBeVisible()
  },
)

onSharedApp(
  'a page that the browser translates keeps up: a job of the reader’s own, the shop, and the quiz',
  { tag: '@long' },
  async ({ page }) => {
    let attempt = 1
    await page.route('/api/emails/*/events', (route) => {
      const id = route.request().url().split('/').at(-2)
      const at = new Date().toISOString()
      const reason = 'service_unavailable'
      const retryAt = new Date(Date.now() + 60_000).toISOString()
      const last = attempt < 3 ? { status: 'retrying', attempt, reason, retryAt } : { status: 'delivered' }
      const timeline = [
        { status: 'queued', at },
        { status: 'sending', at },
        { ...last, at },
      ]
      const email = { id, status: last.status, final: attempt === 3, version: 100 + attempt, timeline }
      const body = `retry: 100\nevent: email\ndata: ${JSON.stringify(email)}\n\n`
      return route.fulfill({ contentType: 'text/event-stream', body })
    })
    await page.route('/api/sandbox/race', (route) => route.fulfill({ status: 503 }))
    await openLesson(page)
    await playRush(page)
    const complaints = await translate(page)

    await page.getByRole('button', { name: 'Sign up' }).click()
    await expect(jobOn(page)).toContainText('ATTEMPT 2 IN')
    await expect(jobOn(page).getByRole('status')).toContainText('THE MAIL SERVICE IS DOWN.')
    attempt = 2
    await expect(jobOn(page)).toContainText('ATTEMPT 3 IN')
    attempt = 3
    await expect(jobOn(page).getByRole('status')).toHaveText(/^\s*THE WELCOME EMAIL IS IN THE MAILBOX\./)

    await page.getByRole('button', { name: 'Send them through our own queue' }).click()
    await expect(page.getByText(/^ONLY 0 OF \d+ MAILS WERE SENT/)).toBeVisible()

    await page.getByRole('button', { name: 'Check answer 1' }).click()
    await expect(feedbackOn(page, 0)).toHaveText('CHOOSE AN ANSWER FIRST.')
    for (const [option, words] of [
      'NOT QUITE. THAT IS',
      'RIGHT. THE ANSWER',
      'NOT QUITE. THE JOB',
    ].entries()) {
      await answer(page, 0, option)
      await expect(feedbackOn(page, 0)).toContainText(words)
    }
    for (const [question, right] of RIGHT.entries()) await answer(page, question, right)
    const score = page.getByRole('region', { name: 'Your score' })
    await expect(score.getByRole('status')).toHaveText(/^2 OF 3 RIGHT AT THE FIRST TRY\. .* IN ONE GO\?$/)
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(score.getByRole('status')).toBeEmpty()
    expect(complaints).toEqual([])
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
    { tag: '@long' },
    async ({ page }) => {
      const complaints = listenForComplaints(page)
      await open(page)
      await expectUsable(page)
      expect(complaints).toEqual([])
    },
  )
}

test('the lesson in trouble: no violations by day and night, and no sideways scroll', {
  tag: '@long',
}, async ({ stack, page }) => {
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
