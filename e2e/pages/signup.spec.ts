import { expect, type Page } from '@playwright/test'
import { newAddress, signUp, sql } from '../app'
import { follow } from '../stage/follow' // stage
import { test } from '../test'
import {
  expectDelivered,
  linesOn,
  listenForComplaints,
  listenForSignups,
  sendForm,
  signUpByHand,
  ticketOn,
} from './person'
import { translate } from './translate'

test('from the form to the mail, without a reload and without a complaint of the browser', async ({
  page,
}) => {
  const complaints = listenForComplaints(page)
  const email = newAddress()
  await page.goto('/')
  await page.evaluate(() => Object.assign(window, { stillTheSamePage: true }))
  await sendForm(page, email)

  await expect(ticketOn(page)).toContainText(/Account created! You waited [\d.]+ m?s/)
  await expect(page).toHaveURL(/\/tickets\/[0-9a-f-]{36}$/)
  await expect(linesOn(page)).toContainText(['queued', 'sending', 'sent', 'delivered'])
  await expectDelivered(page)

  await follow(page, 'Read the email') // stage
  await expect(page.getByRole('heading', { name: 'Welcome to Behind the Scenes' })).toBeVisible() // stage
  await expect(page.getByText(`To ${email}`)).toBeVisible() // stage
  await page.getByRole('link', { name: 'All mail' }).click() // stage
  await expect(page.getByRole('listitem').filter({ hasText: email })).toHaveCount(1) // stage
  expect(await page.evaluate(() => 'stillTheSamePage' in window)).toBe(true)
  expect(complaints).toEqual([])
})

test('the figure on the ticket is the time that the answer took', { tag: '@long' }, async ({ page }) => {
  await page.goto('/')
  let took = 0
  await page.route('/api/users', async (route) => {
    const start = performance.now()
    const response = await route.fetch()
    took = performance.now() - start
    await route.fulfill({ response })
  })
  const pressed = performance.now()
  await sendForm(page)
  const figure = ticketOn(page)
    .getByText(/You waited/)
    .getByRole('strong')
  const [, number = '', unit] = (await figure.innerText()).match(/^([\d.]+) (m?s)$/) ?? []
  const waited = Number(number) * (unit === 's' ? 1000 : 1)
  // Seconds are rounded to tenths.
  const rounding = unit === 's' ? 50 : 0
  expect(waited + rounding).toBeGreaterThanOrEqual(Math.floor(took))
  expect(waited - rounding).toBeLessThan(performance.now() - pressed)
})

test('Back shows a blank form, Forward the ticket', { tag: '@long' }, async ({ page }) => {
  await signUpByHand(page)
  await expectDelivered(page)
  const ticket = await ticketOn(page).innerText()
  await page.goBack()
  await expect(page.getByLabel('Name')).toHaveValue('')
  await expect(page.getByLabel('Email')).toHaveValue('')
  await page.goForward()
  await expect(page).toHaveURL(/\/tickets\//)
  await expect(ticketOn(page)).toHaveText(ticket, { useInnerText: true })
})

test('one person after the other signs up in the same page, and Back finds each ticket', async ({ page }) => {
  const first = await signUpByHand(page)
  await page.getByRole('link', { name: 'Sign up another person' }).click()
  await sendForm(page)
  await expect(page).toHaveURL(new RegExp(`/tickets/(?!${first})`))
  await expectDelivered(page)
  await page.goBack()
  await expect(page.getByLabel('Name')).toHaveValue('')
  await page.goBack()
  await expect(page).toHaveURL(`/tickets/${first}`)
  await expectDelivered(page)
})

test('empty fields: each says what it wants, and the first one gets the focus', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('button', { name: 'Sign me up' }).click()
  const [name, email] = [page.getByLabel('Name'), page.getByLabel('Email')]
  await expect(name).toBeFocused()
  await expect(name).toHaveAttribute('aria-invalid', 'true')
  await expect(name).toHaveAccessibleDescription('Enter your name.')
  await expect(email).toHaveAttribute('aria-invalid', 'true')
  await expect(email).toHaveAccessibleDescription('Enter your email address.')
  await expect(page).toHaveURL('/')
})

test('a bad address: only its field complains, has the focus, and keeps what was typed', async ({ page }) => {
  await page.goto('/')
  await sendForm(page, 'ada@nowhere')
  const [name, email] = [page.getByLabel('Name'), page.getByLabel('Email')]
  await expect(email).toBeFocused()
  await expect(email).toHaveAttribute('aria-invalid', 'true')
  await expect(email).toHaveAccessibleDescription('Enter an address like ada@example.com.')
  await expect(email).toHaveValue('ada@nowhere')
  await expect(name).toHaveValue('Ada')
  await expect(name).not.toHaveAttribute('aria-invalid')
  await expect(page.getByRole('alert').filter({ hasText: 'Check what you entered' })).toHaveCount(1)
})

test('a taken address: its field says so, and another address goes through', async ({ page }) => {
  const taken = newAddress()
  await signUp(taken)
  await page.goto('/')
  await sendForm(page, taken.toUpperCase(), 'Eve')
  const email = page.getByLabel('Email')
  await expect(email).toBeFocused()
  await expect(email).toHaveAccessibleDescription('This address is already signed up.')
  await expect(email).toHaveValue(taken.toUpperCase())
  await sendForm(page, newAddress(), 'Eve')
  await expect(ticketOn(page)).toBeVisible()
})

test('a broken network: the page says so, keeps what was typed, and asks again with the same key', async ({
  page,
}) => {
  const keys = listenForSignups(page)
  const email = newAddress()
  await page.goto('/')
  await page.route('/api/users', (route) => route.abort())
  await sendForm(page, email)
  await expect(page.getByText('We couldn’t reach the server.')).toBeVisible()
  await expect(page.getByLabel('Name')).toHaveValue('Ada')
  await expect(page.getByLabel('Email')).toHaveValue(email)

  await page.unroute('/api/users')
  await page.getByRole('button', { name: 'Sign me up' }).click()
  await expect(ticketOn(page)).toBeVisible()
  expect(keys.length).toBeGreaterThan(1)
  expect(new Set(keys)).toEqual(new Set([expect.any(String)]))
})

test('an answer that gets lost: pressing again shows the ticket of the one account', async ({ page }) => {
  const email = newAddress()
  await page.goto('/')
  await page.route('/api/users', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await sendForm(page, email)
  await expect(page.getByText('We couldn’t reach the server.')).toBeVisible()
  expect(await sql('SELECT 1 FROM "User" WHERE email = $1', [email])).toHaveLength(1)

  await page.unroute('/api/users')
  await page.getByRole('button', { name: 'Sign me up' }).click()
  await expectDelivered(page)
  expect(await sql('SELECT 1 FROM "User" WHERE email = $1', [email])).toHaveLength(1)
})

test('other data after a broken network is another signup, with a key of its own', { tag: '@long' }, async ({
  page,
}) => {
  const keys = listenForSignups(page)
  await page.goto('/')
  await page.route('/api/users', (route) => route.abort())
  await sendForm(page)
  await expect(page.getByText('We couldn’t reach the server.')).toBeVisible()
  await page.unroute('/api/users')
  await sendForm(page)
  await expect(ticketOn(page)).toBeVisible()
  expect(new Set(keys).size).toBe(2)
})

test('a proxy that answers in HTML counts as a server that cannot be reached', async ({ page }) => {
  await page.goto('/')
  await page.route('/api/users', (route) =>
    route.fulfill({ status: 503, contentType: 'text/html', body: '<h1>503 Service Unavailable</h1>' }),
  )
  await sendForm(page)
  await expect(page.getByText('We couldn’t reach the server.')).toBeVisible()
})

test('too many requests: the page counts down, keeps what was typed, and one can try again', async ({
  page,
}) => {
  const keys = listenForSignups(page)
  const email = newAddress()
  await page.goto('/')
  await page.route('/api/users', (route) =>
    route.fulfill({
      status: 429,
      contentType: 'application/problem+json',
      headers: { 'retry-after': '6' },
      json: { type: 'about:blank', title: 'Too many requests', status: 429, detail: 'Many signups.' },
    }),
  )
  await sendForm(page, email)
  const alert = page.getByRole('alert').filter({ hasText: 'Too many requests Many signups.' })
  const readSeconds = async (): Promise<number> =>
    Number(/You can try again in (\d+) s\./.exec(await alert.innerText())?.[1] ?? 0)
  const seconds = await readSeconds()
  expect(seconds).toBeGreaterThan(0)
  await expect.poll(readSeconds).toBeLessThan(seconds)
  await expect(alert).toContainText('You can try again now.')
  await expect(page.getByLabel('Name')).toHaveValue('Ada')
  await expect(page.getByLabel('Email')).toHaveValue(email)
  await page.unroute('/api/users')
  await page.getByRole('button', { name: 'Sign me up' }).click()
  await expect(ticketOn(page)).toBeVisible()
  expect(keys.length).toBeGreaterThan(1)
  expect(new Set(keys)).toEqual(new Set([expect.any(String)]))
})

/** Keeps the page's signups from the server until the returned function is called. */
async function holdSignups(page: Page): Promise<() => void> {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('/api/users', async (route) => {
    await released
    await route.continue()
  })
  return () => release()
}

test('impatience: a double click and Enter send one request', async ({ page }) => {
  const keys = listenForSignups(page)
  const release = await holdSignups(page)
  await page.goto('/')
  await page.getByLabel('Name').fill('Ada')
  await page.getByLabel('Email').fill(newAddress())
  await page.getByRole('button', { name: 'Sign me up' }).dblclick()
  await expect(page.getByRole('button', { name: 'Signing you up' })).toBeDisabled()
  await page.getByLabel('Email').press('Enter')
  release()
  await expectDelivered(page)
  expect(keys).toHaveLength(1)
})

test('the trap for programs: no person meets it, and a form that is too old gets a new token by itself', async ({
  page,
}) => {
  await page.goto('/')
  const trap = page.locator('input[name=website]')
  await expect(trap).toBeHidden()
  await expect(page.getByRole('textbox')).toHaveCount(2)
  await page.getByLabel('Email').focus()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Sign me up' })).toBeFocused()

  const sent: Record<string, string>[] = []
  await page.route('/api/users', async (route) => {
    const body = route.request().postDataJSON()
    sent.push(body)
    // As if it were signed with a key of before.
    const postData = sent.length === 1 ? { ...body, form: 'old' } : body
    await route.continue({ postData })
  })
  await sendForm(page)
  await expect(page.getByText('We could not check this form. Please try again.')).toBeVisible()
  await expect(async () => {
    if (!(await ticketOn(page).isVisible()))
      await page.getByRole('button', { name: 'Sign me up' }).click({ timeout: 1_000 })
    await expect(ticketOn(page)).toBeVisible({ timeout: 1_000 })
  }).toPass()
  expect(sent.at(-1)?.form).not.toBe(sent[0]?.form)
  expect(sent.map(({ website }) => website)).toEqual(sent.map(() => ''))
})

test('a page that the browser translates keeps up: each refusal has its own explanation, and the ticket its lines', async ({
  page,
}) => {
  await page.goto('/')
  const complaints = await translate(page)
  const alert = page.locator('form > [role=alert]')
  const refusals = {
    'One moment, please.': '30',
    'The queue is full.': '90',
    'We are closed for the night.': '',
  }
  for (const [detail, seconds] of Object.entries(refusals)) {
    await page.route('/api/users', (route) =>
      route.fulfill({
        status: 503,
        headers: { 'retry-after': seconds },
        json: { title: 'Busy', status: 503, detail },
      }),
    )
    await sendForm(page)
    const again = seconds && String.raw` YOU CAN TRY AGAIN IN \d+ S\.`
    await expect(alert).toHaveText(new RegExp(`^BUSY ${detail.toUpperCase()}${again}$`))
    await page.unroute('/api/users')
  }
  await sendForm(page)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^YOU’RE IN\. THE EMAIL HAS ARRIVED\.$/)
  await expect(ticketOn(page)).toContainText('DELIVERED')
  await page.getByText('Erase me').click()
  await page.getByRole('button', { name: 'Erase everything' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^YOU’RE OUT\./)
  expect(complaints).toEqual([])
})

test('what was typed before the page was ready survives, even if an extension has put something into the form', async ({
  page,
}) => {
  let release = (): void => {}
  const ready = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route('**/*.js', async (route) => {
    await ready
    await route.continue()
  })
  await page.goto('/', { waitUntil: 'commit' })
  await page.getByLabel('Name').fill('Grace')
  const email = newAddress()
  await page.getByLabel('Email').fill(email)
  await page.evaluate(() => document.querySelector('form')?.prepend(document.createElement('div')))
  release()
  // React renders the form anew, because it does not know the extension's element. A press before that is lost.
  await page.waitForFunction(() =>
    Object.keys(document.querySelector('form button') ?? {}).some((key) => key.startsWith('__reactFiber')),
  )
  await expect(page.getByLabel('Name')).toHaveValue('Grace')
  await expect(page.getByLabel('Email')).toHaveValue(email)
  await page.getByRole('button', { name: 'Sign me up' }).click()
  await expect(ticketOn(page)).toContainText('Grace')
})

test('a title that the framework brings late does not replace that of the ticket', async ({ page }) => {
  await signUpByHand(page)
  await expectDelivered(page)
  await page.evaluate(() => document.head.prepend(document.createElement('title')))
  await expect(page).toHaveTitle(/^Delivered · Ticket/)
  await page.goBack()
  await expect(page).toHaveTitle('Behind the Scenes')
})

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false })

  test('the form says what it needs', async ({ page }) => {
    await page.goto('/')
    // Playwright finds no text within `noscript`.
    await expect(page.locator('form noscript p')).toBeVisible()
    await expect(page.locator('form noscript p')).toHaveText(/^This form needs JavaScript/)
  })
})

test('Back while a signup is under way: its ticket comes under its own address', async ({ page }) => {
  const other = await signUp()
  await page.goto(`/tickets/${other.id}`)
  await page.getByRole('link', { name: 'Sign up another person' }).click()
  const release = await holdSignups(page)
  const asked = page.waitForRequest('/api/users')
  await sendForm(page)
  await asked
  await page.goBack()
  release()
  await expect(page).toHaveURL(new RegExp(`/tickets/(?!${other.id})`))
  const id = page.url().split('/').at(-1) ?? ''
  await expect(ticketOn(page)).toContainText(id.slice(0, 8).toUpperCase())
})
