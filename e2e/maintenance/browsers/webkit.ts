import { type ChildProcess, spawn } from 'node:child_process'
import { findPort, waitFor } from '../../stack'
import { type Browser, SIZE, type Tab } from './tab'

const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser'

/**
 * Starts WebKitGTK with Debian's `webkit2gtk-driver` and `xvfb`. The protocol: https://www.w3.org/TR/webdriver2/
 * @throws when one of them is not installed
 */
export async function startWebKit(): Promise<Browser> {
  const display = `:${50 + (process.pid % 1000)}`
  const screen = start('Xvfb', [display, '-screen', '0', '1440x900x24'])
  const port = await findPort()
  const driver = start('WebKitWebDriver', [`--port=${port}`], {
    DISPLAY: display,
    // It cannot make its sandbox as root or in a container. It opens our own pages only.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
  })
  const end = async (): Promise<void> => {
    driver.kill()
    screen.kill()
  }

  async function send<Value>(method: string, path: string, body?: unknown): Promise<Value> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
    })
    const { value } = (await response.json()) as { value: Value }
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`)
    return value
  }

  try {
    await waitFor(() =>
      send('GET', '/status').then(
        () => true,
        () => false,
      ),
    )
    const options = { binary: MINI_BROWSER, args: ['--automation'] }
    const { sessionId } = await send<{ sessionId: string }>('POST', '/session', {
      capabilities: { alwaysMatch: { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options } },
    })
    const session = `/session/${sessionId}`
    return {
      openTab: () => openTab((method, path, body) => send(method, `${session}${path}`, body)),
      async close() {
        await send('DELETE', session)
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

type Send = <Value>(method: string, path: string, body?: unknown) => Promise<Value>

/** A session has one current window, so each action begins by choosing its own. */
async function openTab(send: Send): Promise<Tab> {
  const [first] = await send<string[]>('GET', '/window/handles')
  await send('POST', '/window', { handle: first })
  const { handle } = await send<{ handle: string }>('POST', '/window/new', { type: 'window' })
  async function act<Value = void>(path: string, body: unknown = {}): Promise<Value> {
    await send('POST', '/window', { handle })
    return await send('POST', path, body)
  }
  async function find(selector: string): Promise<string> {
    const element = await act<Record<string, string>>('/element', { using: 'css selector', value: selector })
    return `/element/${Object.values(element)[0]}`
  }
  const show = (): Promise<void> => act('/window/rect', { x: 0, y: 0, ...SIZE })
  await show()
  return {
    goto: (url) => act('/url', { url }),
    type: async (selector, text) => act(`${await find(selector)}/value`, { text }),
    click: async (selector) => act(`${await find(selector)}/click`),
    reload: () => act('/refresh'),
    back: () => act('/back'),
    hide: () => act('/window/minimize'),
    show,
    close: async () => {
      await show()
      await send('DELETE', '/window')
    },
    evaluate: (expression) => act('/execute/sync', { script: `return ${expression}`, args: [] }),
  }
}

function start(command: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } })
  child.on('error', ({ message }) => console.error(message))
  // Also when a walk ends this process with an error.
  process.once('exit', () => child.kill())
  return child
}
