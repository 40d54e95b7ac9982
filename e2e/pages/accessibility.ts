import { expect, type Page } from '@playwright/test'
import axe, { type AxeResults } from 'axe-core'

/** What axe finds in the page as it is now. It can't look into a mail's frame, where no script runs. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run(document, { iframes: false })')
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`)
}

/** How far the page can be scrolled sideways, in px. */
export async function measureOverflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    window.scrollTo(10_000, 0)
    return window.scrollX
  })
}

/** No violations by day and night, and no sideways scroll, on a large screen and on a phone. */
export async function expectUsable(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 800 })
    expect(await measureOverflow(page), `sideways scroll at ${width} px`).toBe(0)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await findViolations(page), `axe, ${colorScheme} at ${width} px`).toEqual([])
    }
  }
}
