/* npm run picture: takes the README's pictures from the running app. */
import { chromium } from '@playwright/test'
import { newAddress } from './app'
import { findBrowser } from './browser'
import { startStack } from './stack'

const stack = await startStack('picture')
await stack.startWorker()
const browser = await chromium.launch({ executablePath: findBrowser() })

for (const colorScheme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme })
  // The first visit of a server is never its fastest.
  for (const latencyMs of [0, 3_000]) {
    await stack.setProvider({ latencyMs })
    await page.goto(stack.appUrl)
    await page.getByLabel('Name').fill('Ada Lovelace')
    await page.getByLabel('Email').fill(newAddress())
    await page.getByRole('button').click()
    await page.getByRole('link', { name: 'Read the email' }).waitFor()
  }
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)))
  await page.screenshot({ path: `docs/ticket-${colorScheme}.png` })
  await page.close()
}

await browser.close()
await stack.stop()
process.exit()
