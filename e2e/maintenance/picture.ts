/* npm run picture: takes the pictures of the README and of the site from the running app. */
import { readFile, writeFile } from 'node:fs/promises'
import { type Browser, chromium, type Page } from '@playwright/test'
import { readArguments } from '../../lib/ops/arguments'
import { newAddress } from '../app'
import { findBrowser } from '../browser'
import { startStack } from '../stack'

readArguments('npm run picture', {})
const stack = await startStack('picture')
await stack.startWorker()
const browser = await chromium.launch({ executablePath: findBrowser() })

for (const colorScheme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 980 }, colorScheme })
  await photographTicket(page, '/', `docs/ticket-${colorScheme}.png`)
}
// The size that social networks ask for.
const page = await browser.newPage({ viewport: { width: 1200, height: 630 } })
await photographTicket(page, '/?stage', 'app/opengraph-image.png')

// For those who don't take the SVG: the home screen of a phone, and old browsers.
await writeFile('app/apple-icon.png', await drawIcon(browser, 180))
await writeFile('app/favicon.ico', wrapInIco(await drawIcon(browser, 32), 32))

await browser.close()
await stack.stop()
process.exit()

async function photographTicket(page: Page, path: string, file: string): Promise<void> {
  // The first visit of a server is never its fastest.
  for (const latencyMs of [0, 3_000]) {
    await stack.setProvider({ latencyMs })
    await page.goto(stack.appUrl + path)
    await page.getByLabel('Name').fill('Ada Lovelace')
    await page.getByLabel('Email').fill(newAddress().slice(24))
    await page.getByRole('button').click()
    await page.getByRole('link', { name: 'Read the email' }).waitFor()
  }
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)))
  await page.screenshot({ path: file })
  await page.close()
}

async function drawIcon(browser: Browser, size: number): Promise<Buffer> {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  const svg = await readFile('app/icon.svg', 'utf8')
  await page.setContent(`<body style="margin:0">${svg.replace('<svg', '<svg style="display:block"')}`)
  const png = await page.screenshot({ omitBackground: true })
  await page.close()
  return png
}

/** An .ico is a short list of pictures, and PNG is one of its formats: a header, one entry, the picture. */
function wrapInIco(png: Buffer, size: number): Buffer {
  const head = Buffer.alloc(22)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(1, 4)
  head.writeUInt8(size, 6)
  head.writeUInt8(size, 7)
  head.writeUInt16LE(1, 10)
  head.writeUInt16LE(32, 12)
  head.writeUInt32LE(png.length, 14)
  head.writeUInt32LE(head.length, 18)
  return Buffer.concat([head, png])
}
