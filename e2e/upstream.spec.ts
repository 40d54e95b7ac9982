import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect } from '@playwright/test'
import { app, sql } from './app'
import { runToEnd } from './stack'
import { test } from './test'

const PAGES = readdirSync('docs/upstream').filter((name) => name.endsWith('.md') && name !== 'README.md')
const VERSIONS = /^\*\*Affected\.\*\* (.*)/m

for (const page of PAGES) {
  const script = `docs/upstream/${page.replace('.md', '.mjs')}`

  test(`${page}: the package still behaves as the page says`, async () => {
    const database = `upstream_${randomUUID().slice(0, 8)}`
    await sql(`CREATE DATABASE ${database}`)
    try {
      const url = new URL(app.env().DATABASE_URL ?? '')
      url.pathname = database
      const { code, output } = await runToEnd([script], { DATABASE_URL: url.href })
      const hint = `If the fault is repaired, remove our workaround: see docs/upstream/${page}.\n${output}`
      expect(output, hint).toContain('\nAs described.\n')
      expect(code, hint).toBe(0)
      for (const line of readOutput(page)) expect(output).toContain(line)
    } finally {
      await sql(`DROP DATABASE ${database} WITH (FORCE)`)
    }
  })
}

test('each page about a fault upstream names the versions that are installed, and stands in the table', () => {
  const table = readFileSync('docs/upstream/README.md', 'utf8')
  for (const page of PAGES) {
    const affected = VERSIONS.exec(read(page))?.[1] ?? ''
    const named = [...affected.matchAll(/`([\w@/-]+)` (\d+\.\d+\.\d+)/g)]
    expect(named.length, `${page}: its first line on versions`).toBeGreaterThan(0)
    for (const [, name = '', version = ''] of named)
      expect(readInstalledVersion(name), `${page}: ${name}`).toBe(version)
    const [, first = '', itsVersion = ''] = named[0] ?? []
    expect(table).toContain(`](${page}) | \`${first}\` ${itsVersion} |`)
  }
})

test('each dependency is pinned to one version', () => {
  for (const file of ['package.json', 'e2e/maintenance/bench/rivals/package.json']) {
    const { dependencies = {}, devDependencies = {}, overrides = {} } = JSON.parse(readFileSync(file, 'utf8'))
    const pins = Object.entries<string>({ ...dependencies, ...devDependencies, ...overrides })
    const loose = pins.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version))
    expect(pins.length, file).toBeGreaterThan(0)
    expect(loose, file).toEqual([])
  }
})

function read(page: string): string {
  return readFileSync(`docs/upstream/${page}`, 'utf8')
}

/** The lines that the page says the reproduction prints. */
function readOutput(page: string): string[] {
  const lines = /^```text\n(.*?)^```/ms.exec(read(page))?.[1]?.trimEnd().split('\n') ?? []
  if (lines.length === 0) throw new Error(`${page} does not say what its reproduction prints`)
  return lines
}

function readInstalledVersion(name: string): string {
  return JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version
}
