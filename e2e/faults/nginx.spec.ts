import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from '@playwright/test'
import { newAddress } from '../app'
import { isThere, makeCertificate, startNginx } from '../maintenance/production/parts'
import { findPort, waitFor } from '../stack'
import { test } from '../test'

/* The nginx of docs/operations.md, word by word, where there is one on this computer. */

test.skip(!isThere('nginx') || !isThere('openssl'), 'No nginx here: npm run test:production installs it.')

test('a web server hangs: nginx leaves it alone, asks it again when it is back, and logs no token', {
  tag: '@long',
}, async ({ stack }) => {
  // nginx gives up root's rights, and could not enter the folder of the project.
  const folder = await mkdtemp(path.join(tmpdir(), 'nginx-'))
  await chmod(folder, 0o755)
  await makeCertificate(folder)
  const port = await findPort()
  const url = `https://localhost:${port}`
  const env = { APP_URL: url, TRUSTED_HOPS: '1', LOG_FORMAT: 'json' }
  const [hung, other] = await Promise.all([stack.startWeb({ env }), stack.startWeb({ env })])
  const nginx = await startNginx(folder, port, [hung.port, other.port])
  try {
    const both = (): boolean => [hung, other].every(({ output }) => output().includes('"msg":"queued"'))
    while (!both()) expect(await signUp(url)).toBe(201)

    process.kill(hung.pid, 'SIGSTOP')
    // Half of them go to the one that hangs, and then to the other.
    const reads = await Promise.all(Array.from({ length: 10 }, () => ask(url, 'GET', '/api/health/live')))
    expect(reads).toEqual(Array(10).fill(200))
    const signups = []
    for (let index = 0; index < 30; index++) signups.push(await signUp(url))
    // While a server hangs, nginx has an error to log with the request.
    for (const path of WITH_TOKENS) await ask(url, 'GET', `${path}?q=${TOKEN}`)
    await ask(url, 'GET', `/${TOKEN}/${TOKEN}`)
    // One request in five seconds tries it again.
    expect(signups.filter((status) => status !== 201).length).toBeLessThanOrEqual(1)
    expect(signups.filter((status) => status === 201).length).toBeGreaterThanOrEqual(29)

    const logs = await Promise.all(
      ['access', 'error'].map((name) => readFile(path.join(folder, `nginx/${name}.log`), 'utf8')),
    )
    expect(logs.join('') + nginx.output()).not.toContain(TOKEN)
    for (const path of WITH_TOKENS) expect(logs[0]).toContain(` GET ${path.replaceAll(TOKEN, '*')} `)
    // Without an error log, this is where a server that hangs can be seen.
    expect(logs[0]).toMatch(/ 504, 200$/m)

    process.kill(hung.pid, 'SIGCONT')
    const before = hung.output().length
    await waitFor(async () => {
      await signUp(url)
      return hung.output().length > before
    })
  } finally {
    await nginx.end()
    await rm(folder, { recursive: true, force: true })
  }
})

function signUp(url: string): Promise<number | undefined> {
  return ask(url, 'POST', '/api/users', JSON.stringify({ name: 'Ada', email: newAddress() }))
}

const TOKEN = 'a-token-of-twenty-letters-or-more'
const WITH_TOKENS = [
  ...[`/not-me/${TOKEN}`, `/api/not-me/${TOKEN}`, `/lost/${TOKEN}`, `/tickets/${TOKEN}/behind`],
  `/api/emails/${TOKEN}/events`,
]

/** The status of the answer. The certificate is self-signed. */
function ask(url: string, method: string, path: string, body?: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    request(url + path, { method, headers, rejectUnauthorized: false }, (response) =>
      resolve(response.resume().statusCode),
    )
      .on('error', reject)
      .end(body)
  })
}
