import { expect, type Page } from '@playwright/test'
import { app, isDelivered, signUp, waitForSnapshot } from '../app'
import { test } from '../test'
import { expectDelivered, listenForComplaints } from './person'

/*
 * The tests check what browsers, search engines and shared links need on every page. This list has a line for each page,
 * with its title. `<id>` stands for an email that has arrived.
 */
const PAGES: Record<string, string> = {
  '/': 'Behind the Scenes',
  '/tickets/<id>': 'Delivered · Ticket <number> · Behind the Scenes',
  '/learn': 'Learn · Behind the Scenes', // stage
  '/race': 'The race · Behind the Scenes', // stage
  '/backstage': 'Backstage · Behind the Scenes', // stage
  '/inbox': 'Inbox · Behind the Scenes', // stage
  '/inbox/<id>': 'Mail · Behind the Scenes', // stage
}

/** Pages whose network is never idle. */
const STREAMING = [
  '/tickets/<id>',
  '/backstage', // stage
]

async function findPath(pattern: string): Promise<string> {
  if (!pattern.includes('<id>')) return pattern
  const { id } = await signUp()
  await waitForSnapshot(id, isDelivered)
  return pattern.replace('<id>', id)
}

/** The number of a ticket is the beginning of its id. */
function fillIn(title: string, path: string): string {
  return title.replace('<number>', path.slice('/tickets/'.length).slice(0, 8).toUpperCase())
}

for (const [pattern, title] of Object.entries(PAGES)) {
  test(`${pattern} has a title, a description, an address of its own, a language and one h1`, async ({
    page,
  }) => {
    const path = await findPath(pattern)
    await page.goto(`${path}?from=somewhere`)
    await expect(page).toHaveTitle(fillIn(title, path))
    expect(await readMeta(page, 'description')).toMatch(/^.{50,160}$/)
    const address = app.url + (path === '/' ? '' : path)
    await expect(page.locator('link[rel=canonical]')).toHaveAttribute('href', address)
    await expect(page.locator('html')).toHaveAttribute('lang', 'en')
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
  })

  // stage
  test(`${pattern} has a picture for shared links`, async ({ page }) => {
    const path = await findPath(pattern)
    await page.goto(path)
    expect(await readMeta(page, 'og:title')).toBe(fillIn(title, path))
    expect(await readMeta(page, 'twitter:card')).toBe('summary_large_image')
    expect(await readMeta(page, 'og:image:alt')).toContain('ticket')
    const picture = await readMeta(page, 'og:image')
    expect(picture.startsWith(app.url), picture).toBe(true)
    expect(await readMeta(page, 'twitter:image')).toBe(picture)
    expect(await measurePicture(page, picture)).toEqual([1200, 630])
  })

  test(`${pattern} loads without a complaint of the browser, and nothing on it jumps`, async ({ page }) => {
    const complaints = listenForComplaints(page)
    await watchShifts(page)
    // Other tests on the shared installation would change the live parts of this page.
    if (pattern === '/backstage') await page.route('**/events', () => {}) // stage
    const waitUntil = STREAMING.includes(pattern) ? 'load' : 'networkidle'
    const path = await findPath(pattern)
    // On the first visit the fonts come after the first paint. Google calls ten times as much good.
    await withLateFonts(page, () => page.goto(path, { waitUntil: 'domcontentloaded' }))
    await expectStill(page, waitUntil, 0.01)
    await page.goto(path)
    await expectStill(page, waitUntil, 0.001)
    expect(complaints).toEqual([])
  })
}

test('while a ticket prints, nothing jumps that a person may be reading', async ({ page }) => {
  await watchShifts(page)
  await page.goto(`/tickets/${(await signUp()).id}`)
  await expectDelivered(page)
  expect(sumShifts(await readShifts(page))).toBeLessThan(0.05)
})

test('the icons: for browsers, for old browsers, and for the home screen of a phone', async ({ page }) => {
  await page.goto('/')
  const icons = await page
    .locator('link[rel*=icon]')
    .evaluateAll((links: HTMLLinkElement[]) => links.map(({ rel, href, type }) => ({ rel, href, type })))
  expect(icons.map(({ rel, type }) => `${rel} ${type}`).sort()).toEqual([
    'apple-touch-icon image/png',
    'icon image/svg+xml',
    'icon image/x-icon',
  ])
  for (const { href, type } of icons) {
    const response = await page.request.get(href)
    expect(response.status(), href).toBe(200)
    expect(response.headers()['content-type']).toBe(type)
    expect((await measurePicture(page, href))[0], href).toBeGreaterThan(0)
  }
  // Programs that read no HTML request it by its name.
  expect((await page.request.get('/favicon.ico')).status()).toBe(200)
})

test('robots are told what is not for them', async ({ request }) => {
  const response = await request.get('/robots.txt')
  expect(response.headers()['content-type']).toContain('text/plain')
  expect(await response.text()).toMatch(/User-Agent: \*\s+Disallow: \/api\/\s/)
})

async function readMeta(page: Page, name: string): Promise<string> {
  const content = await page.locator(`meta[name="${name}"], meta[property="${name}"]`).getAttribute('content')
  return content ?? ''
}

/** Width and height, as the browser decodes it. */
async function measurePicture(page: Page, url: string): Promise<[number, number]> {
  return page.evaluate(async (src) => {
    const image = Object.assign(new Image(), { src })
    await image.decode()
    return [image.naturalWidth, image.naturalHeight]
  }, url)
}

type Shift = { value: number; what: string[] }

/** Notes every layout shift, also those that follow a click, from the first paint on. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: Shift[] = []
    Object.assign(window, { shifts })
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, sources } = entry as unknown as { value: number; sources: { node?: Element }[] }
        shifts.push({ value, what: sources.map(({ node }) => `${node?.nodeName} ${node?.textContent}`) })
      }
    }).observe({ type: 'layout-shift', buffered: true })
  })
}

/** Holds the fonts until the page is painted with those of the system. */
async function withLateFonts(page: Page, open: () => Promise<unknown>): Promise<void> {
  let letFontsCome = (): void => {}
  const painted = new Promise<void>((resolve) => {
    letFontsCome = resolve
  })
  const fonts = /\.woff2$/
  await page.route(fonts, async (route) => {
    await painted
    await route.continue()
  })
  await open()
  await readShifts(page)
  letFontsCome()
  await page.waitForLoadState()
  await page.unroute(fonts)
}

async function expectStill(page: Page, waitUntil: 'load' | 'networkidle', most: number): Promise<void> {
  await page.waitForLoadState(waitUntil)
  await page.evaluate(async () => void (await document.fonts.ready))
  const shifts = await readShifts(page)
  expect(sumShifts(shifts), JSON.stringify(shifts)).toBeLessThan(most)
}

const sumShifts = (shifts: Shift[]): number => shifts.reduce((sum, { value }) => sum + value, 0)

async function readShifts(page: Page): Promise<Shift[]> {
  // An observer is called after the frame in which something moved.
  return page.evaluate(async () => {
    for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame)
    return (window as unknown as { shifts: Shift[] }).shifts
  })
}
