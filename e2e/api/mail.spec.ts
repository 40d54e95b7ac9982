import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { type Process, startProcess, waitFor } from '../stack'
import { test } from '../test'

let preview: Process | undefined
test.afterEach(async () => void (await preview?.kill('SIGTERM')))

test('npm run mail shows every kind of mail, and shows it again when its template changes', async () => {
  const folder = path.resolve('test-results', `mail_${test.info().parallelIndex}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of ['lib', 'sandbox', 'package.json', 'tsconfig.json'])
    await cp(name, path.join(folder, name), { recursive: true })
  await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction')

  // Without a database, and without a key.
  const env = { PORT: '0', DATABASE_URL: '', RESEND_API_KEY: '' }
  const scripts = JSON.parse(await readFile('package.json', 'utf8')).scripts as Record<string, string>
  const args = (scripts.mail ?? '').split(' ').slice(1)
  preview = await startProcess(['node_modules/tsx/dist/cli.mjs', ...args], /http:\S+/, env, { cwd: folder })
  // With any free port, each restart has another one.
  const read = async (): Promise<string> => {
    const url =
      preview
        ?.output()
        .match(/http:\S+/g)
        ?.at(-1) ?? ''
    return await fetch(url).then(
      (response) => response.text(),
      () => '',
    )
  }
  const page = await read()
  for (const words of ['Welcome, Ada.', 'TICKET 1A2B3C4D']) expect(page).toContain(words)
  expect(page).toContain('Ada invites you') // orders

  const template = path.join(folder, 'lib/mail/templates/welcome.tsx')
  await writeFile(template, (await readFile(template, 'utf8')).replace('Welcome, ${', 'Good morning, ${'))
  await waitFor(async () => (await read()).includes('Good morning, Ada.'))
})
