import { readFileSync } from 'node:fs'
import { expect } from '@playwright/test'
import { PROGRAMS } from '../sandbox/bundle'
import { test } from './test'

type Package = { version: string; optionalDependencies?: Record<string, string>; bundled?: true }

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, Package>
}

/** How npm looks a package up: in the folder of the one that needs it, then in each folder above. */
function find(name: string, from: string): Package | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))) {
    const found = packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]
    if (found || folder === '') return found
  }
}

test('the lockfile names the binaries of every platform, so that npm ci works on each', () => {
  const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !find(name, folder))
      .map((name) => `${folder} needs ${name}`),
  )
  expect(missing).toEqual([])
})

test('every version in package.json is exact', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(`${version}`),
  )
  expect(ranges).toEqual([])
})

test('the image has the programs of the bundle, and the migrations', () => {
  const [command = ''] = /npx esbuild .+/.exec(readFileSync('Dockerfile', 'utf8')) ?? []
  const programs = PROGRAMS.map((name) => `worker/${name}.ts`)
  expect(command.match(/\S+\.ts(?= )/g)).toEqual([...programs, 'prisma/migrate.ts'])
})

test('compose waits for the database by TCP, and a PORT in .env does not move the web server off its port', () => {
  const compose = readFileSync('compose.yaml', 'utf8')
  expect(compose).toMatch(/test: .*pg_isready.*-h.*127\.0\.0\.1/)
  const [, settings = ''] = /environment: &settings\n((?: {4}.*\n)+)/.exec(compose) ?? []
  expect(settings).toMatch(/^ {4}PORT: 3000$/m)
  expect(compose).toMatch(/^ {4}ports: \['127\.0\.0\.1:3000:3000'\]$/m)
})
