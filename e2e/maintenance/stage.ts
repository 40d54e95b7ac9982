/*
 * npm run test:stage [-- FOLDER]
 *
 * Acts out docs/stage.md: a projector in stage mode, 200 phones, a killed worker and an outage, from `--stage` to the
 * credits. Keeps a picture of each step in FOLDER (test-results/show-pictures), for people to look at.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { chromium, type Locator, type Page, expect as quick } from '@playwright/test'
import { readArguments } from '../../lib/ops/arguments'
import { newAddress, postSignup } from '../app'
import { findBrowser } from '../browser'
import { type Process, startProcess } from '../stack'
import { openStream, type Stream } from './bench/stream'

const PHONES = 200
const NAMES = ['Amina', 'Björn', 'Chloé', 'Dmitri', 'Eun-ji', 'Farid', 'Giulia', 'Hiro', 'Inés', 'Jakub']
// On a busy computer, a worker starts in 20 s.
const expect = quick.configure({ timeout: 60_000 })
// Not the address at which the app is otherwise: macOS has only one.
const ADDRESS = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'
const DIR = path.resolve('test-results/show')

const { positionals } = readArguments('npm run test:stage [-- FOLDER]', {}, (given) => given.length <= 1)
const folder = path.resolve(positionals[0] ?? 'test-results/show-pictures')
await mkdir(folder, { recursive: true })

const settings = { SANDBOX_DIR: DIR, PORT: '0', APP_URL: '', DATABASE_URL: '', RESEND_API_KEY: '' }
const args = ['--import', 'tsx', 'sandbox/run.ts', 'demo', '--stage', `--share=${ADDRESS}`]
const demo = await startProcess(args, /Present {2}\S+/, settings)
const appUrl = /READY (\S+)/.exec(demo.output())?.[1] ?? ''
const browser = await chromium.launch({ executablePath: findBrowser() })
const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
let worker = await startWorker()
let step = 0

// Before the talk.
const first = await context.newPage()
await first.goto(/Present {2}(\S+)/.exec(demo.output())?.[1] ?? '')
await first.waitForURL('**/?stage')
await expect(first.getByRole('img', { name: /^QR code/ })).toBeVisible()
await keep(first, 'the-room-is-invited')

// 0:00
await first.getByLabel('Name').fill('Ada Lovelace')
await first.getByLabel('Email').fill('ada@example.com')
await first.getByRole('button', { name: 'Sign me up' }).click()
await expect(first.getByText('You waited')).toBeVisible()
// Until the paper is out of the printer.
await first
  .locator('.ticket')
  .evaluate((paper) => Promise.all(paper.getAnimations().map(({ finished }) => finished)))
await keep(first, 'the-answer-is-there')
await expect(first.getByRole('link', { name: 'Behind this ticket' })).toBeVisible()
await keep(first, 'and-then-the-mail')

// 0:40
const race = await context.newPage()
await race.goto(`${appUrl}/race`)
const right = race.getByRole('region', { name: 'Mail sent by a background job' })
await press(race, 'Press both')
await expect(right).toContainText('Account created!')
await keep(race, 'race-one-waits')
await expect(right).toContainText('The mail was delivered')
await keep(race, 'race-one-over')

// 1:10
await race.getByText('20 at once').click()
await press(race, 'Press both')
await expect(race.locator('li.line-through').first()).toBeVisible()
await keep(race, 'race-twenty-struck-out')
await expect(right).toContainText('All twenty are in, and have their mail')
await keep(race, 'race-twenty-over')
await race.getByText('1 signup').click()
await race.getByText('down', { exact: true }).click()
await press(race, 'Press both')
await expect(race.getByRole('heading', { level: 1 })).toHaveText('Without a queue, Ada is gone.')
await expect(right).toContainText('waits and tries again')
await keep(race, 'race-ada-is-gone')
await press(race, 'Repair it')
await expect(right).toContainText('Ada is in, and has her mail')
await keep(race, 'race-repaired')
await race.getByText('Account first').click()
await race.getByText('down', { exact: true }).click()
await press(race, 'Press both')
await expect(race.getByRole('heading', { level: 1 })).toHaveText('Without a queue, Ada’s mail is lost.')
await keep(race, 'race-account-first')
await race.close()

// 2:10
const page = await context.newPage()
await page.goto(`${appUrl}/backstage`)
await expect(figure(page, 'in work')).toHaveText('0')
const phones: Stream[] = []
for (let phone = 0; phone < PHONES; phone++) {
  phones.push(await signUpPhone(phone))
  if (phone === PHONES / 2) await keep(page, 'backstage-the-room-signs-up')
}
await expect(figure(page, 'in work')).toHaveText('0')
await press(page, 'Send 100 demo signups')
await expect(figure(page, 'in work')).toHaveText('100')
await keep(page, 'backstage-a-hundred-in-one-request')
await expect(figure(page, 'in work')).toHaveText('0')
await keep(page, 'backstage-a-hundred-done')

// 2:50
await press(page, 'Send 10 demo signups')
await expect(figure(page, 'in work')).toHaveText('10')
await worker.kill('SIGKILL')
await expect(page.getByText('No worker is running.').first()).toBeVisible()
await press(page, 'Send 100 demo signups')
await expect(figure(page, 'waiting')).toHaveText('100')
await keep(page, 'backstage-the-desk-is-dark')
worker = await startWorker()
await expect(figure(page, 'in work')).toHaveText(/^1[01]0$/)
await keep(page, 'backstage-a-new-worker-takes-all')
const second = await startWorker()
await expect(page.getByText(`${second.pid}`).first()).toBeVisible()
await expect(figure(page, 'in work')).toHaveText('0')
await keep(page, 'backstage-another-desk')

// 3:40
await page.getByText('outage').click()
await press(page, 'Send 10 demo signups')
await expect(figure(page, 'retrying')).toHaveText('10')
await keep(page, 'backstage-the-gate-is-shut')
await page.getByText('works').click()
await expect(figure(page, 'retrying')).toHaveText('0')
await expect(figure(page, 'in work')).toHaveText('0')
await keep(page, 'backstage-and-never-a-second-mail')

// 4:20
await first.bringToFront()
await first.getByRole('link', { name: 'More orders' }).click()
await press(first, 'Make up 100 friends')
await press(first, /^Invite/)
await expect(first.getByText(/^All invitations are out/)).toBeVisible()
await press(first, 'Export my data')
await expect(first.getByRole('link', { name: /Download/ })).toBeVisible()
await keep(first, 'more-orders')

// 4:50
await first.evaluate(() => window.scrollTo(0, 0))
await first.getByRole('link', { name: 'Behind this ticket' }).click()
await expect(first.getByText('Webhook: delivered')).toBeVisible()
await keep(first, 'behind-the-ticket')

// 5:00
await expect.poll(() => phones.filter((phone) => phone.hasEnded()).length).toBe(PHONES)
await page.bringToFront()
await page.keyboard.press('Alt+Shift+KeyC')
const credits = page.getByRole('dialog', { name: 'Credits' })
await expect(credits.getByRole('listitem')).toHaveCount(PHONES + 1)
await page.waitForTimeout(6_000)
await keep(page, 'credits-roll')
await page.evaluate(() => {
  for (const animation of document.getAnimations()) animation.finish()
})
await expect(credits.getByText('Say “got it” at once.')).toBeInViewport()
await keep(page, 'credits-end')

const breaks = phones.reduce((sum, phone) => sum + phone.countBreaks(), 0)
console.log(`All ${PHONES} phones know that their mail has arrived. Streams that broke off: ${breaks}.`)
console.log(`Now look at the pictures in ${folder}`)
await browser.close()
for (const program of [worker, second, demo]) await program.kill('SIGTERM')
process.exit()

function startWorker(): Promise<Process> {
  return startProcess(['--import', 'tsx', 'sandbox/demo-worker.ts'], /Ready for jobs/, { SANDBOX_DIR: DIR })
}

async function keep(page: Page, name: string): Promise<void> {
  step++
  await page.screenshot({ path: path.join(folder, `${`${step}`.padStart(2, '0')}-${name}.png`) })
}

async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name }).click()
}

/** One of the large numbers. */
function figure(page: Page, label: string): Locator {
  const term = page.getByRole('term').filter({ hasText: new RegExp(`^${label}`) })
  return term.locator('..').getByRole('definition')
}

async function signUpPhone(phone: number): Promise<Stream> {
  const name = NAMES[phone % NAMES.length]
  const answer = await postSignup({ name, email: newAddress() }, { origin: appUrl }, appUrl)
  const { welcomeEmail } = await answer.json()
  return await openStream(`${appUrl}/api/emails/${welcomeEmail.id}/events`)
}
