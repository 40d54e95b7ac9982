import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect } from '@playwright/test'
import { toSourceUrl } from '../../app/components/site/source-url'
import { app, isDelivered, newAddress, signUp, waitForSnapshot } from '../app'
import { query } from '../stack'
import { test as onSharedApp } from '../test'
import { findViolations } from './accessibility'
import { expectDelivered, listenForComplaints } from './person'
import { test } from './test'

for (const path of [
  `/tickets/${randomUUID()}`,
  '/tickets/rubbish',
  `/tickets/${encodeURIComponent("';--")}`,
  '/nowhere',
]) {
  onSharedApp(
    `${path.replace(/[0-9a-f-]{36}/, '<unknown>')} is a 404 that leads back to the signup`,
    async ({ page }) => {
      const response = await page.goto(path)
      expect(response?.status()).toBe(404)
      await expect(page).toHaveTitle('Not found · Behind the Scenes')
      await expect(page.getByRole('heading', { name: 'There is nothing here.' })).toBeVisible()
      await page.getByRole('link', { name: 'Go to the signup' }).click()
      await expect(page.getByRole('button', { name: 'Sign me up' })).toBeVisible()
    },
  )
}

test('when the database fails, the page owns up to it, and “Try again” brings the ticket', {
  tag: '@long',
}, async ({ stack, page }) => {
  await stack.startWorker()
  const { id } = await signUp(newAddress(), stack.appUrl)
  await waitForSnapshot(id, isDelivered, stack.appUrl)
  await query(stack.databaseUrl, 'ALTER TABLE "EmailEvent" RENAME TO "EmailEventAway"')
  try {
    const response = await page.goto(`/tickets/${id}`)
    expect(response?.status()).toBe(500)
    await expect(page).toHaveTitle('Something went wrong · Behind the Scenes')
    await expect(page.getByRole('heading', { name: 'Something went wrong.' })).toBeVisible()
    expect(await findViolations(page)).toEqual([])
  } finally {
    await query(stack.databaseUrl, 'ALTER TABLE "EmailEventAway" RENAME TO "EmailEvent"')
  }
  await page.getByRole('button', { name: 'Try again' }).click()
  await expectDelivered(page)
  await expect(page).toHaveTitle(/^\w+ · Ticket [\dA-F]{8} · Behind the Scenes$/)
})

/** Pages that no search engine may keep. */
const PRIVATE = [
  '/tickets/<id>',
  '/inbox', // stage
  '/inbox/<id>', // stage
]

onSharedApp('tickets and mails are not for search engines', async () => {
  const { id } = await signUp()
  for (const path of PRIVATE.map((path) => path.replace('<id>', id))) {
    expect(await (await fetch(app.url + path)).text()).toMatch(/<meta name="robots" content="noindex/)
  }
})

onSharedApp('pages and API send the security headers, and do not say what they run on', async () => {
  for (const path of ['/', '/nowhere', `/tickets/${randomUUID()}`, '/api/health']) {
    const { headers } = await fetch(app.url + path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('permissions-policy')).toContain('camera=()')
    expect(headers.get('x-powered-by')).toBeNull()
    // HSTS must not be promised over http, and so not for the whole of localhost.
    expect(headers.get('strict-transport-security')).toBeNull()
    expect(headers.get('content-security-policy')).toMatch(
      /default-src '(self|none)'.*frame-ancestors 'none'/,
    )
  }
})

onSharedApp('a page runs only the scripts that bear the nonce of this one answer', async () => {
  const nonces = new Set<string>()
  for (const path of ['/', '/lost', '/nowhere', `/tickets/${randomUUID()}`]) {
    // The server must ignore these headers of a client, which could be a page that was poisoned before.
    const given = { 'content-security-policy': "script-src 'nonce-known'", 'x-nonce': 'known' }
    const response = await fetch(app.url + path, { headers: given })
    const policy = response.headers.get('content-security-policy') ?? ''
    const [, scripts = '', nonce = ''] = /script-src ([^;]*'nonce-([^']+)'[^;]*)/.exec(policy) ?? []
    expect(scripts).not.toContain('unsafe')
    expect(policy).not.toMatch(/style-src [^;]*unsafe/)
    nonces.add(nonce)
    const tags = (await response.text()).match(/<script[^>]*>/g) ?? []
    expect(tags.length).toBeGreaterThan(3)
    for (const tag of tags) expect(tag).toContain(`nonce="${nonce}"`)
  }
  expect(nonces.size).toBe(4)
})

test('where the app is reached by https, browsers are told to try nothing else', { tag: '@long' }, async ({
  stack,
}) => {
  const { url } = await stack.startWeb({ env: { APP_URL: 'https://example.org' } })
  for (const path of ['/', '/nowhere', '/api/health', '/api/nowhere']) {
    const { headers } = await fetch(url + path)
    expect(headers.get('strict-transport-security'), path).toBe('max-age=31536000')
  }
})

onSharedApp('an injected script does not run', async ({ page }) => {
  const complaints = listenForComplaints(page)
  await page.goto('/')
  await page.evaluate(() => {
    const place = document.body.appendChild(document.createElement('div'))
    place.innerHTML = '<img src="data:," onerror="document.title = \'ran\'">'
  })
  await expect.poll(() => complaints.join()).toContain('Content Security Policy')
  await expect(page).toHaveTitle('Behind the Scenes')
})

// stage
onSharedApp('the header marks where one is', async ({ page }) => {
  const inbox = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Inbox' })
  for (const [path, mark] of [
    ['/inbox', 'page'],
    [`/inbox/${randomUUID()}`, 'true'],
  ] as const) {
    await page.goto(path)
    await expect(inbox).toHaveAttribute('aria-current', mark)
  }
  await page.goto('/')
  await expect(inbox).toBeVisible()
  await expect(inbox).not.toHaveAttribute('aria-current')
})

onSharedApp(
  'the footer leads to the code that package.json names, and without a name nowhere',
  async ({ page }) => {
    const { repository } = JSON.parse(await readFile('package.json', 'utf8'))
    const source = toSourceUrl(repository)
    await page.goto('/')
    await expect(page.getByRole('button', { name: 'Sign me up' })).toBeVisible()
    const links = page.getByRole('contentinfo').getByRole('link')
    const addresses = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href')))
    expect(addresses).toEqual(source ? [source, `${source}/blob/HEAD/docs/faults.md`] : [])
  },
)

onSharedApp('each form of a repository that npm accepts becomes the address of its page', () => {
  const page = 'https://github.com/owner/name'
  const forms = [
    ...['owner/name', 'github:owner/name', page, `${page}.git`, `git+${page}.git`],
    ...[
      'git+ssh://git@github.com/owner/name.git',
      'git://github.com/owner/name',
      'git@github.com:owner/name.git',
    ],
  ]
  expect(forms.map(toSourceUrl)).toEqual(forms.map(() => page))
  expect(toSourceUrl({ url: `git+${page}.git` })).toBe(page)
  expect([undefined, '', 'file:../name'].map(toSourceUrl)).toEqual([undefined, undefined, undefined])
})
