/*
 * npm run test:browsers
 * npm run test:browsers -- firefox
 *
 * A signup and its live ticket in WebKit and Firefox, on a phone's screen: the room's phones are largely WebKit. Needs
 * Debian's `webkit2gtk-driver` and `xvfb`, and a Firefox.
 */
import { connect, createServer, type Socket } from 'node:net'
import { readArguments } from '../../../lib/ops/arguments'
import { newAddress } from '../../app'
import { findPort, type Process, startStack, type Web, waitFor } from '../../stack'
import { startFirefox } from './firefox'
import type { Browser, Tab } from './tab'
import { startWebKit } from './webkit'

const BROWSERS = { webkit: startWebKit, firefox: startFirefox }
const HEADLINE = `document.querySelector('h1')?.innerText ?? ''`
const TEXT = 'document.body.innerText'

const { positionals: chosen } = readArguments('npm run test:browsers [-- webkit | -- firefox]', {}, (words) =>
  words.every((word) => Object.hasOwn(BROWSERS, word)),
)
const names = Object.keys(BROWSERS).filter((name) => chosen.length === 0 || chosen.includes(name))

const stack = await startStack('browsers')
const network = await openNetwork()
const port = await findPort()
const startWeb = (): Promise<Web> => stack.startWeb({ port, env: { APP_URL: network.url } })
let web = await startWeb()
let worker: Process | undefined

let [passed, failed] = [0, 0]
for (const name of names) {
  const browser = await BROWSERS[name as keyof typeof BROWSERS]()
  for (const [title, walk] of Object.entries(listWalks())) {
    await worker?.kill('SIGTERM')
    await stack.setProvider({ latencyMs: 200 })
    const tab = await browser.openTab()
    try {
      await walk(tab, browser)
      passed++
      console.log(`ok      ${name} · ${title}`)
    } catch (error) {
      failed++
      console.error(`FAILED  ${name} · ${title}: ${(error as Error).stack}`)
    }
    network.connect()
    await tab.close()
  }
  await browser.close()
}
await stack.stop()
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function listWalks(): Record<string, (tab: Tab, browser: Browser) => Promise<void>> {
  return {
    async 'a signup is answered, and its ticket follows the mail to the mailbox'(tab) {
      await signUp(tab)
      await startWorker()
      await untilDelivered(tab)
      await untilEqual(tab, 'document.title.startsWith("Delivered · ")', true)
    },
    async 'a reload shows the same ticket'(tab) {
      await signUp(tab)
      const path = await tab.evaluate('location.pathname')
      await tab.reload()
      await untilEqual(tab, 'location.pathname', path)
      await startWorker()
      await untilDelivered(tab)
    },
    async 'back leads to the form, and forward to the ticket, which goes on'(tab) {
      await signUp(tab)
      await tab.back()
      await untilEqual(tab, 'document.querySelectorAll("form input[name=email]").length', 1)
      await tab.evaluate('history.forward()')
      await startWorker()
      await untilDelivered(tab)
    },
    async 'without a network the ticket says so, and goes on when it is back'(tab) {
      await signUp(tab)
      network.cut()
      await untilTrue(tab, `${TEXT}.includes('The connection is lost')`)
      await startWorker()
      network.connect()
      await untilDelivered(tab)
      await untilTrue(tab, `!${TEXT}.includes('The connection is lost')`)
    },
    async 'the web server is restarted under an open ticket'(tab) {
      await signUp(tab)
      await web.kill('SIGTERM')
      web = await startWeb()
      await startWorker()
      await untilDelivered(tab)
    },
    async 'a hidden tab holds no stream, and knows the end when it is shown'(tab) {
      await signUp(tab)
      await waitFor(() => network.count('/events') === 1)
      await tab.hide()
      await waitFor(() => network.count('/events') === 0)
      await startWorker()
      await waitFor(
        async () => (await stack.query(`SELECT FROM "Email" WHERE status <> 'delivered'`)).length === 0,
      )
      await tab.show()
      await untilDelivered(tab)
    },
    async 'two tabs with the same ticket'(tab, browser) {
      await signUp(tab)
      const second = await browser.openTab()
      await second.goto(await tab.evaluate('location.href'))
      await startWorker()
      await untilDelivered(second)
      await second.close()
      await tab.show()
      await untilDelivered(tab)
    },
  }
}

/** Fills in the form, and waits for the ticket. */
async function signUp(tab: Tab): Promise<void> {
  await tab.goto(network.url)
  await tab.type('input[name=name]', 'Ada')
  await tab.type('input[name=email]', newAddress())
  await tab.click('button[type=submit]')
  await untilTrue(tab, `location.pathname.startsWith('/tickets/')`)
  await untilTrue(tab, `${TEXT}.includes('Account created')`)
}

async function startWorker(): Promise<void> {
  worker = await stack.startWorker()
}

function untilDelivered(tab: Tab): Promise<void> {
  return untilTrue(tab, `(${HEADLINE}).includes('has arrived.')`)
}

function untilTrue(tab: Tab, expression: string): Promise<void> {
  return untilEqual(tab, expression, true)
}

/** @throws after a minute, with what the page says */
async function untilEqual(tab: Tab, expression: string, value: unknown): Promise<void> {
  const end = Date.now() + 60_000
  while ((await tab.evaluate(expression)) !== value) {
    if (Date.now() > end) throw new Error(`Not ${expression} === ${value}, but:\n${await tab.evaluate(TEXT)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Opens a proxy between the browser and the web server. It can be cut. */
async function openNetwork() {
  const open = new Map<Socket, string>()
  let isCut = false
  const server = createServer((client) => {
    if (isCut) return client.destroy()
    const upstream = connect(port, 'localhost')
    open.set(client, '')
    client.on('data', (data) => {
      const [, path] = /^GET (\S+) HTTP/.exec(data.toString('latin1')) ?? []
      if (path) open.set(client, path)
    })
    for (const [one, end] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.pipe(end)
      one.on('error', () => {})
      one.on('close', () => {
        end.destroy()
        open.delete(client)
      })
    }
  })
  const ownPort = await findPort()
  server.listen(ownPort)
  return {
    url: `http://localhost:${ownPort}`,
    cut() {
      isCut = true
      for (const socket of open.keys()) socket.destroy()
    },
    connect() {
      isCut = false
    },
    /** Returns how many connections had their last request to a path with this end. */
    count: (end: string) => [...open.values()].filter((path) => path.endsWith(end)).length,
  }
}
