import { type Browser, chromium, type Page } from '@playwright/test'
import type { Snapshot } from '../../../lib/status/status'
import { newAddress, postSignup } from '../../app'
import { findBrowser } from '../../browser'
import { type Stack, startStack } from '../../stack'
import { median, percentile, time, waitAtMost } from './measure'
import type { Sizes } from './sizes'
import { openStream, type Stream } from './stream'
import { type Findings, format, toTimes } from './table'

// Not the address at which the app is otherwise: macOS has only one.
const ADDRESS = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'
const BETWEEN_SIGNUPS_MS = 50
const WITHOUT_WORKER_MS = 5_000
const PATIENCE_MS = 120_000

type Phone = { waitedMs: number; stream: Stream }

/** A room signs up, and in the middle the worker is killed. The speaker's page is on the projector all the time. */
export async function measureRoom(_: Stack, { phones: count }: Sizes): Promise<Findings> {
  const stack = await startStack('room', [`--share=${ADDRESS}`])
  const browser = await chromium.launch({ executablePath: findBrowser() })
  const phones: Phone[] = []
  try {
    await stack.setProvider({ rateLimit: 10, latencyMs: 300 })
    const first = await stack.startWorker()
    const page = await openBackstage(browser, stack)
    await page.evaluate(COUNT_FRAMES)

    await signUpMany(stack, count / 2, phones)
    await first.kill('SIGKILL')
    const known = phones.filter(({ stream }) => stream.hasEnded()).length
    await signUpMany(stack, count / 2, phones)
    await new Promise((resolve) => setTimeout(resolve, WITHOUT_WORKER_MS))

    const returned = Date.now()
    await stack.startWorker()
    const all = await waitAtMost(PATIENCE_MS, async () => phones.every(({ stream }) => stream.hasEnded()))
    const frames = await page.evaluate<number[]>('window.drawn')
    const ends = phones.map(({ stream }) => (stream.read().at(-1)?.at ?? Number.NaN) - returned)
    const late = ends.filter((ms) => ms > 0)
    const breaks = phones.reduce((sum, { stream }) => sum + stream.countBreaks(), 0)
    const { calls, refused } = await stack.setProvider({})
    return {
      title: `A ROOM of ${count} phones`,
      columns: ['median', 'p95', 'max'],
      rows: [
        ['a phone signs up, ms', ...toTimes(phones.map((phone) => phone.waitedMs)), format(worst(phones))],
        ['worker back → a phone that waited knows, s', ...spread(late.map((ms) => ms / 1000))],
        ['a frame of the speaker’s page, ms', ...spread(frames)],
        ['frames longer than 50 ms', `${frames.filter((ms) => ms > 50).length}`, `of ${frames.length}`, ''],
        ['phones that knew before the worker was killed', `${known}`, '', ''],
        ['phones that know in the end', all ? 'all' : 'NOT ALL', '', ''],
        ['streams that broke off', `${breaks}`, '', ''],
        ['requests to the mail service', `${calls}`, `${refused} refused`, ''],
      ],
      notes: [
        'With the start of the worker. What the dead one had in its hands is due 15 s after it was taken.',
      ],
    }
  } finally {
    for (const { stream } of phones) stream.close()
    await browser.close()
    await stack.stop()
  }
}

async function openBackstage(browser: Browser, stack: Stack): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
  const link = /\S+\/presenter#\S+/
  await waitAtMost(PATIENCE_MS, async () => link.test(stack.output()))
  await page.goto(link.exec(stack.output())?.[0] ?? '')
  await page.waitForURL('**/?stage')
  await page.goto(`${stack.appUrl}/backstage`)
  await page.locator('canvas').waitFor()
  return page
}

/** One after the other, each with a connection of its own for its ticket. */
async function signUpMany(stack: Stack, count: number, phones: Phone[]): Promise<void> {
  for (let i = 0; i < count; i++) {
    phones.push(await signUp(stack))
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_SIGNUPS_MS))
  }
}

async function signUp({ appUrl }: Stack): Promise<Phone> {
  let snapshot: Snapshot | undefined
  const waitedMs = await time(async () => {
    const response = await postSignup({ name: 'Ada', email: newAddress() }, { origin: appUrl }, appUrl)
    snapshot = (await response.json()).welcomeEmail
  })
  return { waitedMs, stream: await openStream(`${appUrl}/api/emails/${snapshot?.id}/events`) }
}

// As text, because tsx adds a helper of its own to each function, which the page does not have.
const COUNT_FRAMES = `
  let last = performance.now()
  window.drawn = []
  requestAnimationFrame(function note(now) {
    window.drawn.push(now - last)
    last = now
    requestAnimationFrame(note)
  })`

function spread(values: number[]): string[] {
  return [median(values), percentile(values, 0.95), percentile(values, 1)].map((value) => format(value))
}

const worst = (phones: Phone[]): number => Math.max(...phones.map(({ waitedMs }) => waitedMs))
