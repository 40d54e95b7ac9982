import type { Page } from '@playwright/test'

/**
 * Translates the page as a browser does, and what appears on it later: replaces each text by one within `font` elements,
 * here in capital letters. A text that React changes must therefore be the only child of its element: React then sets the
 * content of the element. Beside other nodes it changes or removes the old text, which is no longer in the page.
 * @returns the errors of the page, and the texts that have changed unseen
 */
export async function translate(page: Page): Promise<string[]> {
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (message) => {
    if (message.text().includes('NotFoundError')) complaints.push(message.text())
  })
  // Until React has taken over the page, it takes other texts for an error.
  await page.waitForFunction(() =>
    [...document.querySelectorAll('body :is(h1, p, a, label, button)')].every((element) =>
      Object.keys(element).some((key) => key.startsWith('__reactFiber')),
    ),
  )
  await page.evaluate(() => {
    const replaced = new MutationObserver((changes) => {
      for (const { target } of changes) reportError(new Error(`changed unseen: ${target.textContent}`))
    })
    const replaceTexts = (): void => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      const texts: Node[] = []
      while (walker.nextNode()) texts.push(walker.currentNode)
      for (const text of texts) {
        const parent = text.parentElement
        if (!parent || parent.matches('font, script, style') || !text.textContent?.trim()) continue
        const font = document.createElement('font')
        font.append(document.createElement('font'))
        font.firstElementChild?.append(text.textContent.toUpperCase())
        parent.replaceChild(font, text)
        replaced.observe(text, { characterData: true })
      }
    }
    replaceTexts()
    new MutationObserver(replaceTexts).observe(document.body, {
      childList: true,
      characterData: true,
      subtree: true,
    })
  })
  return complaints
}
