import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from '@playwright/test'
import { listSources } from '../sandbox/build'
import { runToEnd } from './stack'
import { test } from './test'

test('a .env that is a link or a pipe does not stop a build, and a link to a file is a source', () => {
  test.skip(process.platform === 'win32', 'Windows has no named pipes in its file system.')
  const project = test.info().outputPath('project')
  const at = (name: string): string => path.join(project, name)
  mkdirSync(at('lib'), { recursive: true })
  mkdirSync(at('e2e'))
  for (const file of ['lib/file.ts', 'e2e/shared.ts', 'README.md']) writeFileSync(at(file), '')
  symlinkSync('nowhere', at('.env'))
  symlinkSync('../e2e/shared.ts', at('lib/link.ts'))
  symlinkSync('e2e/shared.ts', at('.env.production'))
  symlinkSync('..', at('lib/circle'))
  symlinkSync('lib', at('shared'))
  execFileSync('mkfifo', [at('.env.local')])
  const sources = listSources(project).map((file) => path.relative(project, file))
  expect(sources).toEqual(
    ['.env.production', 'lib/file.ts', 'lib/link.ts', 'shared/file.ts', 'shared/link.ts'].map(path.normalize),
  )
})

test('a project that is reached through a link is built', async () => {
  // Outside of the project, where no other program follows the link in a circle.
  const folder = mkdtempSync(path.join(tmpdir(), 'link-'))
  const link = path.join(folder, 'project')
  symlinkSync(path.resolve(), link, 'junction')
  const { output } = await runToEnd(['--import', 'tsx', path.join(link, 'sandbox/build.ts')], {})
  expect(output).toBe('Nothing has changed since the last build.\n')
  rmSync(folder, { recursive: true })
})
