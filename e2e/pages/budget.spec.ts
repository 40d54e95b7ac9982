import { gzipSync } from 'node:zlib'
import { expect, type Page, type Response } from '@playwright/test'
import { test } from '../test'

/** In bytes, gzipped: 1 kB = 1000 bytes. */
const BUDGET = 150_000

test('the first visit of the signup page loads less than 150 kB of JavaScript', async ({ page }) => {
  const scripts = await collectScripts(page, '/')
  expect(scripts.length).toBeGreaterThan(0)
  const total = scripts.reduce((sum, { bytes }) => sum + bytes, 0)
  const list = scripts.map(({ url, bytes }) => `${String(bytes).padStart(8)}  ${url}`).join('\n')
  expect(total, `gzipped, in bytes:\n${list}\n`).toBeLessThan(BUDGET)
})

// stage
test('the lesson loads at most twice the JavaScript of the form', async ({ page }) => {
  const sum = async (path: string): Promise<number> =>
    (await collectScripts(page, path)).reduce((total, { bytes }) => total + bytes, 0)
  const form = await sum('/')
  expect(await sum('/learn')).toBeLessThanOrEqual(2 * form)
})

/** Every script that a browser fetches by itself until nothing more comes, the largest first. */
async function collectScripts(page: Page, path: string): Promise<{ url: string; bytes: number }[]> {
  const responses: Response[] = []
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') responses.push(response)
  })
  await page.goto(path, { waitUntil: 'networkidle' })
  const scripts = responses.map(async (response) => ({
    url: new URL(response.url()).pathname,
    bytes: gzipSync(await response.body()).length,
  }))
  return (await Promise.all(scripts)).sort((a, b) => b.bytes - a.bytes)
}
