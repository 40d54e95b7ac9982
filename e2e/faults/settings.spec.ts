import { expect, test } from '@playwright/test'
import { type Env, findPort, runToEnd } from '../stack'

// An empty setting is none, whatever a developer's .env says.
const NOTHING: Env = { DATABASE_URL: '', APP_URL: '', RESEND_API_KEY: '', RESEND_WEBHOOK_SECRET: '' }
const COMPLETE: Env = {
  DATABASE_URL: 'postgres://localhost:1/none',
  APP_URL: 'http://localhost',
  RESEND_API_KEY: 're_none',
}
const MALFORMED = {
  APP_URL: 'example.org',
  RESEND_API_KEY: '“re_none”',
  RESEND_BASE_URL: 'localhost:3000',
  RESEND_WEBHOOK_SECRET: 'whsec_A',
  BACKSTAGE_TOKEN: 'short',
  RETRY_MAX_SECONDS: '86401',
}

const PROGRAMS = {
  'the web server': async () => ['node_modules/next/dist/bin/next', 'start', '-p', `${await findPort()}`],
  'the worker': async () => ['--import', 'tsx', 'worker/index.ts'],
  'npm run migrate': async () => ['--import', 'tsx', 'prisma/migrate.ts'],
  'npm run redrive': async () => ['--import', 'tsx', 'worker/redrive.ts'],
  'npm run erase': async () => ['--import', 'tsx', 'worker/erase.ts', 'ada@example.com'],
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(`${name} without a setting says which, and ends`, async () => {
    // Where no sandbox is that could lend its own.
    const env = { ...COMPLETE, DATABASE_URL: '', SANDBOX_DIR: 'test-results/none' }
    const { code, output } = await runToEnd(await program(), env)
    expect(code, output).toBe(1)
    expect(output).toContain('DATABASE_URL: is missing. See .env.example.\n')
    expect(output).not.toMatch(/^ +at /m)
  })
}

for (const name of ['the web server', 'the worker'] as const) {
  test(`${name} tells all that is missing or malformed, a line for each`, async () => {
    const program = await PROGRAMS[name]()
    const missing = await runToEnd(program, NOTHING)
    expect(missing.code, missing.output).toBe(1)
    for (const setting of ['DATABASE_URL', 'APP_URL', 'RESEND_API_KEY']) {
      expect(missing.output).toContain(`${setting}: is missing. See .env.example.\n`)
    }
    const malformed = await runToEnd(program, { ...COMPLETE, ...MALFORMED })
    expect(malformed.code, malformed.output).toBe(1)
    for (const setting of Object.keys(MALFORMED)) {
      expect(malformed.output).toMatch(new RegExp(`^${setting}: .+\\. See \\.env\\.example\\.$`, 'm'))
    }
  })
}

test('the signing secret of webhooks has 24 to 64 bytes', async () => {
  const start = async (bytes: number) => {
    const secret = `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`
    // Another setting ends it in any case.
    const env = { ...COMPLETE, APP_URL: '', RESEND_WEBHOOK_SECRET: secret }
    return (await runToEnd(await PROGRAMS['the worker'](), env)).output.includes('RESEND_WEBHOOK_SECRET')
  }
  const refused = await Promise.all([23, 24, 64, 65].map(start))
  expect(refused).toEqual([true, false, false, true])
})
