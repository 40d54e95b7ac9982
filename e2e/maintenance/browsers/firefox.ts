import { execSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, SIZE, type Tab } from './tab'

const SYSTEM = [
  '/usr/bin/firefox-esr',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
]

/** The parts of puppeteer-core that are used here. It is installed when this runs. */
type Page = {
  goto(url: string): Promise<unknown>
  type(selector: string, text: string): Promise<void>
  click(selector: string): Promise<void>
  reload(): Promise<unknown>
  goBack(): Promise<unknown>
  bringToFront(): Promise<void>
  close(): Promise<void>
  evaluate(expression: string): Promise<unknown>
}
type Puppeteer = {
  launch(options: object): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }>
}

/** Starts the system's Firefox. The protocol is WebDriver BiDi. @throws when there is none */
export async function startFirefox(): Promise<Browser> {
  const executablePath = [process.env.FIREFOX_PATH, ...SYSTEM].find((file) => file && existsSync(file))
  if (!executablePath) throw new Error('There is no Firefox.')
  const folder = import.meta.dirname
  execSync('npm install --no-audit --no-fund', { cwd: folder, stdio: 'inherit' })
  const entry = createRequire(path.join(folder, 'package.json')).resolve('puppeteer-core')
  const { default: puppeteer } = (await import(pathToFileURL(entry).href)) as { default: Puppeteer }
  const browser = await puppeteer.launch({
    ...{ browser: 'firefox', executablePath, headless: true, defaultViewport: SIZE },
  })
  const other = await browser.newPage()
  return {
    openTab: async () => toTab(await browser.newPage(), other),
    close: () => browser.close(),
  }
}

function toTab(page: Page, other: Page): Tab {
  return {
    goto: async (url) => void (await page.goto(url)),
    type: (selector, text) => page.type(selector, text),
    click: (selector) => page.click(selector),
    reload: async () => void (await page.reload()),
    back: async () => void (await page.goBack()),
    hide: () => other.bringToFront(),
    show: () => page.bringToFront(),
    close: () => page.close(),
    evaluate: async <Value>(expression: string) => (await page.evaluate(expression)) as Value,
  }
}
