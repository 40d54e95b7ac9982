import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type BrowserContext, expect, type Locator, type Page } from '@playwright/test'
import { app, newAddress, signUp } from '../app'
import { findViolations } from '../pages/accessibility'
import { sendForm, signUpByHand } from '../pages/person'
import { translate } from '../pages/translate'
import { runToEnd, type Stack, startStack, waitFor } from '../stack'
import { test } from '../test'

const PRESENTERS_PAGES = ['/backstage', '/inbox', '/inbox/none', '/race']
const PRESENTERS_ROUTES = [
  ['GET', '/api/backstage/credits'],
  ['GET', '/api/backstage/events'],
  ['POST', '/api/backstage/redrive'],
  ['PUT', '/api/sandbox/weather'],
  ['POST', '/api/sandbox/signups'],
  ['POST', '/api/sandbox/race'],
  ['GET', '/api/sandbox/race/events'],
  ['PUT', '/api/sandbox/race/outage'],
] as const

test('the sandbox listens on this computer only, unless it is told to share', async () => {
  const { port } = new URL(app.url)
  const others = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  )
  if (process.platform === 'linux') others.push('127.0.0.2')
  for (const host of others) {
    const socket = connect(Number(port), host)
    await expect(once(socket, 'connect'), host).rejects.toThrow('ECONNREFUSED')
  }
  expect((await fetch(`${app.url}/presenter`)).status).toBe(404)
  expect((await fetch(`${app.url}/api/presenter`, { method: 'POST' })).status).toBe(404)
  const { code, output } = await runToEnd(
    ['--import', 'tsx', 'sandbox/run.ts', 'demo', '--share=203.0.113.1'],
    { SANDBOX_DIR: 'test-results/no-share' },
  )
  expect(code).toBe(1)
  expect(output).toContain('"203.0.113.1" is no address of this computer.')
})

test.describe('shared with a room', () => {
  test.describe.configure({ mode: 'serial' })
  let stack: Stack
  let link: string
  let presenter: BrowserContext

  test.beforeAll(async ({ browser }) => {
    stack = await startStack('share', ['--share=127.0.0.1'])
    const printed = /\S+\/presenter#\S+/
    await waitFor(() => printed.test(stack.output()))
    link = printed.exec(stack.output())?.[0] ?? ''
    presenter = await browser.newContext({
      baseURL: stack.appUrl,
      viewport: { width: 1280, height: 720 },
      reducedMotion: 'reduce',
    })
  })
  test.afterAll(async () => {
    await presenter.close()
    await stack.stop()
  })

  test('a phone signs up, and sees nothing of what is the presenter’s', async ({ browser }) => {
    expect(stack.appUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const phone = await browser.newContext({
      baseURL: stack.appUrl,
      viewport: { width: 390, height: 844 },
      reducedMotion: 'reduce',
    })
    const page = await phone.newPage()
    const worker = await stack.startWorker()
    const ticket = await signUpByHand(page)
    await expect(page.getByRole('heading', { name: 'The email has arrived.' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'Behind this ticket' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'Read the email' })).toHaveCount(0)
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link')).toHaveText(['Learn'])
    await page.setViewportSize({ width: 1280, height: 720 })
    await page.goto('/?stage')
    await expect(page.getByRole('region', { name: 'The five steps of a signup' })).toBeVisible()
    await expect(page.getByRole('img', { name: 'QR code' })).toHaveCount(0)

    for (const path of [...PRESENTERS_PAGES, `/inbox/${ticket}`]) await expectShut(page, path)
    expect((await page.goto(`/tickets/${ticket}/behind`))?.status()).toBe(200)
    const other = await signUp(newAddress(), stack.appUrl)
    for (const id of [other.id, other.id.slice(0, 8)]) await expectShut(page, `/tickets/${id}/behind`)
    await stack.query('DELETE FROM "Email" WHERE id = $1', [other.id])
    await worker.kill('SIGTERM')
    await phone.close()
  })

  test('no header, cookie or method opens it', async () => {
    const forged = [
      {},
      { cookie: 'presenter=' },
      { cookie: `presenter=${new URL(link).hash.slice(1)}` },
      { host: 'localhost', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'localhost' },
      { authorization: `Basic ${btoa('presenter:')}` },
    ] as Record<string, string>[]
    for (const headers of forged) {
      for (const path of PRESENTERS_PAGES) {
        for (const method of ['GET', 'HEAD'])
          expect(await ask(method, path, headers), `${method} ${path}`).toBe(404)
      }
      for (const [method, path] of PRESENTERS_ROUTES) {
        for (const one of [method, 'HEAD', 'OPTIONS'])
          expect(await ask(one, path, headers), `${one} ${path}`).toBe(404)
      }
    }
    const readHealth = async (headers = {}) =>
      Object.keys(await (await fetch(`${stack.appUrl}/api/health`, { headers })).json()).sort()
    const few = ['database', 'queued', 'workers']
    for (const headers of forged) expect(await readHealth(headers)).toEqual(few)
    const operator = { authorization: `Bearer ${stack.env.OPERATOR_TOKEN}` }
    expect(await readHealth(operator)).toEqual(
      expect.arrayContaining([...few, 'failed', 'paused', 'attention']),
    )
    for (const guess of ['', 'none', `${new URL(link).hash.slice(1)}x`])
      expect((await signIn(guess)).status).toBe(404)
    // The server does not see the part of the link that opens the stage.
    expect((await fetch(link)).headers.get('set-cookie')).toBeNull()
  })

  test('the link makes one browser the presenter’s, and shows the room the way in', async ({ browser }) => {
    const page = await presenter.newPage()
    await page.goto(link)
    await expect(page).toHaveURL(`${stack.appUrl}/?stage`)
    const [cookie] = (await presenter.cookies()).filter(({ name }) => name === 'presenter')
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    expect(link).not.toContain(cookie?.value)

    const code = page.getByRole('img', { name: `QR code that opens ${stack.appUrl}` })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await expect(code).toBeInViewport({ ratio: 1 })
      expect((await code.boundingBox())?.height).toBeGreaterThanOrEqual(480)
      await expect(page.getByText(stack.appUrl, { exact: true })).toBeInViewport({ ratio: 1 })
      await expect(page.getByRole('button', { name: 'Sign me up' })).toBeInViewport({ ratio: 1 })
      expect(await readContrast(code)).toBeGreaterThan(0.6)
      expect(await findViolations(page)).toEqual([])
    }
    await sendForm(page)
    await expect(page).toHaveURL(/\/tickets\//)
    await expect(code).toHaveCount(0)

    const names = ['Learn', 'Race', 'Backstage', 'Inbox']
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link')).toHaveText(names)
    for (const path of ['/race', '/inbox', '/backstage']) expect((await page.goto(path))?.status()).toBe(200)
    expect(await page.evaluate(readDots)).toContainEqual([expect.any(String), 'queued', 1, null, 'Ada'])
    await page.getByRole('radio', { name: 'outage' }).check({ force: true })
    await expect
      .poll(async () => (await stack.setProvider({})) as { mode?: string })
      .toMatchObject({ mode: 'outage' })

    // The link on the projector is used already. The presenter may open it again.
    const other = await browser.newPage()
    let complaints: string[] | undefined
    await other.route('**/api/presenter', async (route) => {
      await waitFor(() => complaints !== undefined)
      await route.continue()
    })
    await other.goto(link)
    complaints = await translate(other)
    await expect(other.getByRole('heading', { level: 1 })).toHaveText('THIS LINK DOESN’T WORK.')
    await expect(other.getByText('This link has been used')).toBeVisible()
    expect(complaints).toEqual([])
    await expectShut(other, '/backstage')
    await other.close()
    await page.goto(link)
    await expect(code).toBeVisible()
  })

  test('the room is called by name at the end, each with their wait, and the last line is the takeaway', async () => {
    const [page] = presenter.pages() as [Page]
    await page.goto('/backstage?stage')
    await expect(page.getByRole('img', { name: `QR code that opens ${stack.appUrl}` })).toBeInViewport({
      ratio: 1,
    })
    await expect(page.getByText(new URL(stack.appUrl).host, { exact: true })).toBeInViewport({ ratio: 1 })
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollHeight)).toBe(720)
    await page.getByRole('button', { name: 'Send 10 demo signups' }).click()

    await page.getByRole('button', { name: 'Credits' }).click()
    const credits = page.getByRole('dialog', { name: 'Credits' })
    const takeaway = credits.getByText('Say “got it” at once. Do the slow work behind the scenes.')
    // Those who prefer less motion get a page.
    await expect(credits.getByRole('listitem')).toHaveText([
      /^Ada ?waited [\d.]+ m?s$/,
      /^Ada ?waited [\d.]+ m?s$/,
    ])
    await expect(takeaway).toBeInViewport({ ratio: 1 })
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    await expect(credits).toBeHidden()

    // For the others they roll until the last line stands in the middle.
    await page.emulateMedia({ reducedMotion: 'no-preference' })
    await page.keyboard.press('Alt+Shift+KeyC')
    await expect(credits.getByRole('heading')).toBeInViewport()
    await expect(takeaway).not.toBeInViewport()
    await page.evaluate(() => {
      for (const animation of document.getAnimations()) animation.finish()
    })
    await expect(takeaway).toBeInViewport({ ratio: 1 })
    await expect(credits.getByRole('listitem').last()).not.toBeInViewport()
    await credits.getByRole('button', { name: 'Close' }).click()
    await page.emulateMedia({ reducedMotion: 'reduce' })
  })

  test('at another name of this computer, people sign up as well', async ({ page }) => {
    await page.goto(stack.appUrl.replace('127.0.0.1', 'localhost'))
    await sendForm(page, newAddress())
    await expect(page).toHaveURL(/\/\/localhost:\d+\/tickets\//)
  })

  /** Neither as a page nor as what React would fetch. */
  async function expectShut(page: Page, path: string): Promise<void> {
    expect((await page.goto(stack.appUrl + path))?.status(), path).toBe(404)
    await page.goto(`${stack.appUrl}/learn`)
    const text = await page.evaluate(
      async (path) => (await fetch(`${path}?_rsc`, { headers: { rsc: '1' } })).text(),
      path,
    )
    expect(text, `${path} for React`).toContain('NEXT_HTTP_ERROR_FALLBACK;404')
    expect(text).not.toMatch(/@example\.com|All mail of this demonstration|Send 10 demo signups/)
  }

  function signIn(link = ''): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    return fetch(`${stack.appUrl}/api/presenter`, { method: 'POST', headers, body: JSON.stringify({ link }) })
  }

  async function ask(method: string, path: string, headers = {}): Promise<number> {
    const answer = await fetch(stack.appUrl + path, { method, headers, redirect: 'manual' })
    await answer.body?.cancel()
    return answer.status
  }
})

/** In the browser: what the picture is told first. */
function readDots(): Promise<unknown[]> {
  const source = new EventSource('/api/backstage/events')
  return new Promise((resolve) => {
    source.addEventListener('backstage', ({ data }) => {
      source.close()
      resolve(JSON.parse(data).dots)
    })
  })
}

/** How much lighter the paper is than what is printed on it, 0 to 1. */
async function readContrast(code: Locator): Promise<number> {
  return code.evaluate((svg) => {
    const { backgroundColor, color } = getComputedStyle(svg)
    const context = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D
    const readGreen = (colour: string): number => {
      context.fillStyle = colour
      context.fillRect(0, 0, 1, 1)
      return context.getImageData(0, 0, 1, 1).data[1] ?? 0
    }
    return (readGreen(backgroundColor) - readGreen(color)) / 255
  })
}
