import { expect, type Page } from '@playwright/test'
import axe, { type AxeResults } from 'axe-core'

/** Returns what axe finds in the page as it is now. Axe can't look into a mail's frame, where no script runs. */
export async function findViolations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('!!window.axe'))) await page.evaluate(axe.source)
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

/** Texts that stick out of the paper of a ticket, which cuts them off. */
async function findCutTexts(page: Page): Promise<string[]> {
  return page.locator('.ticket').evaluateAll((papers) =>
    papers.flatMap((paper) => {
      const { left, right } = paper.getBoundingClientRect()
      return [...paper.querySelectorAll(':not([aria-hidden], [aria-hidden] *, .sr-only)')]
        .filter((element) => element.children.length === 0 && element.textContent)
        .filter((element) => {
          const box = element.getBoundingClientRect()
          return box.width > 0 && (box.left < left - 1 || box.right > right + 1)
        })
        .map(({ textContent }) => `${textContent}`)
    }),
  )
}

/** A small phone, a phone, a laptop at 200 %, and a large screen. In px. */
const WIDTHS = [320, 360, 640, 1440]

/** No violations on a large screen by day and on a phone by night, and no sideways scroll at any width. */
export async function expectUsable(page: Page): Promise<void> {
  for (const [width, colorScheme] of [
    [1440, 'light'],
    [360, 'dark'],
  ] as const) {
    await page.emulateMedia({ reducedMotion: 'reduce', colorScheme })
    await page.setViewportSize({ width, height: 800 })
    expect(await findViolations(page), `axe, ${colorScheme} at ${width} px`).toEqual([])
  }
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 })
    expect(await measureOverflow(page), `sideways scroll at ${width} px`).toBe(0)
    expect(await findCutTexts(page), `texts that are cut off at ${width} px`).toEqual([])
  }
}
