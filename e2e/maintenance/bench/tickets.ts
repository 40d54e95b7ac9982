import { chromium } from '@playwright/test'
import { newAddress } from '../../app'
import { findBrowser } from '../../browser'
import type { Stack } from '../../stack'

/**
 * From the database's clock to the browser's, on the same computer: when does each line appear on the ticket?
 * @returns ms for each line that was pushed; nothing when there is no browser
 */
export async function watchTickets(stack: Stack, visits: number): Promise<number[]> {
  const executablePath = findBrowser()
  if (!executablePath) return []
  const browser = await chromium.launch({ executablePath })
  try {
    const page = await browser.newPage()
    const times: number[] = []
    for (let visit = 0; visit < visits; visit++) {
      await page.goto(stack.appUrl)
      await page.evaluate(() => {
        const seen: Record<string, number> = {}
        Object.assign(window, { seen })
        new MutationObserver(() => {
          for (const line of document.querySelectorAll('li time'))
            seen[line.getAttribute('datetime') ?? ''] ??= Date.now()
        }).observe(document.body, { childList: true, subtree: true })
      })
      await page.getByLabel('Name').fill('Ada')
      await page.getByLabel('Email').fill(newAddress())
      await page.getByRole('button').click()
      await page.getByRole('link', { name: 'Read the email' }).waitFor()
      const seen = await page.evaluate(() => (window as unknown as { seen: Record<string, number> }).seen)
      // The first line comes with the answer to the signup: the others are pushed.
      for (const [at, shown] of Object.entries(seen).slice(1)) times.push(shown - Date.parse(at))
    }
    return times
  } finally {
    await browser.close()
  }
}
