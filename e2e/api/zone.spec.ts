import { expect } from '@playwright/test'
import { app, newAddress, signUp, sql } from '../app'
import { test } from '../test'

test('all of this runs outside of UTC: the processes, Postgres, and the browser', async ({ page }) => {
  expect(new Date().getTimezoneOffset()).not.toBe(0)
  const [row] = await sql<{ offset: number }>('SELECT extract(timezone FROM now())::int AS offset')
  expect(row?.offset).not.toBe(0)
  await page.goto(app.url)
  const offset = await page.evaluate(() => new Date().getTimezoneOffset())
  expect(offset).not.toBe(0)
})

test('times are in UTC, wherever the server stands', async () => {
  const before = Date.now()
  const { timeline } = await signUp(newAddress())
  const at = timeline[0]?.at ?? ''
  expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(Date.parse(at)).toBeGreaterThan(before - 2_000)
  expect(Date.parse(at)).toBeLessThan(Date.now() + 2_000)
})
