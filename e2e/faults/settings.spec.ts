import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '@playwright/test'
import { newAddress, signUp } from '../app'
import { type Env, findPort, programOf, runToEnd } from '../stack'
import { test } from '../test'

// An empty or blank setting counts as none.
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
  BACKSTAGE_TOKEN: 'short', // stage
  RETRY_MAX_SECONDS: '86401',
}

const PROGRAMS = {
  'the web server': async () => ['node_modules/next/dist/bin/next', 'start', '-p', `${await findPort()}`],
  'the worker': async () => programOf('worker/index.ts'),
  'npm run migrate': async () => programOf('prisma/migrate.ts'),
  'npm run redrive': async () => programOf('worker/redrive.ts'),
  'npm run erase': async () => [...programOf('worker/erase.ts'), 'ada@example.com'],
}

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(`${name} without a setting says which, and ends`, async () => {
    // A folder without a sandbox, which could provide its own setting.
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
    const missing = await runToEnd(program, { ...NOTHING, APP_URL: ' ' })
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

/** Settings that nothing reads, each with the one that was meant. */
const UNKNOWN = {
  LIMIT_SIGNUP_PER_MINUTE: 'LIMIT_SIGNUPS_PER_MINUTE',
  LIMIT_REQUESTS: 'LIMIT_REQUESTS_PER_VISITOR',
  limit_mails_per_hour: 'LIMIT_MAILS_PER_HOUR',
  SANDBOX_WORKER: 'SANDBOX_WORKERS',
  SANDBOX_LATENCY: 'SANDBOX_LATENCY_MS',
  BACKSTAGE_PASSWORD: 'BACKSTAGE_TOKEN', // stage
  INVITATIONS_PER_FRIEND: 'INVITATIONS_PER_USER', // orders
  RESEND_WEBHOOK_SECERT: 'RESEND_WEBHOOK_SECRET',
  OPERATOR_TOKN: 'OPERATOR_TOKEN',
  TRUSTED_HOP: 'TRUSTED_HOPS',
  EMAIL_FORM: 'EMAIL_FROM',
  DATABASE_POOLSIZE: 'DATABASE_POOL_SIZE',
  RETRY_MAX_SECOND: 'RETRY_MAX_SECONDS',
}
const toldOf = (name: string, meant: string): string =>
  `${name}: nothing reads it. Did you mean ${meant}? See .env.example.\n`

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(`${name} with settings that nothing reads says which, what was meant, and ends`, async () => {
    const given = Object.fromEntries(Object.keys(UNKNOWN).map((unknown) => [unknown, '5']))
    const { code, output } = await runToEnd(await program(), { ...COMPLETE, ...given })
    expect(code, output).toBe(1)
    for (const [unknown, meant] of Object.entries(UNKNOWN)) expect(output).toContain(toldOf(unknown, meant))
    expect(output).not.toMatch(/^ +at /m)
  })
}

test('a command of an operator goes on beside a setting of a newer version, and names it', async () => {
  const { output } = await runToEnd(await PROGRAMS['npm run redrive'](), {
    ...COMPLETE,
    LIMIT_OF_TOMORROW: '5',
  })
  expect(output).toMatch(/^LIMIT_OF_TOMORROW: nothing reads it\. .+\nThe database does not answer: .+\n$/)
})

test('npm run demo with a setting that nothing reads says which, and ends', async () => {
  const env = { SANDBOX_DIR: 'test-results/none', DATABASE_URL: '', RESEND_API_KEY: '', SANDBOX_WORKER: '2' }
  const { code, output } = await runToEnd(['--import', 'tsx', 'sandbox/run.ts', 'demo'], env)
  expect(code, output).toBe(1)
  expect(output).toContain(toldOf('SANDBOX_WORKER', 'SANDBOX_WORKERS'))
})

test('a mistyped name of a setting that is missing is found', async () => {
  const given = { DATABSE_URL: 'postgres://localhost:1/none', RESEND_APIKEY: 're_none' }
  const env = { SANDBOX_DIR: 'test-results/none', ...NOTHING, ...given }
  const { code, output } = await runToEnd(['--import', 'tsx', 'sandbox/run.ts', 'dev'], env)
  expect(code, output).toBe(1)
  expect(output).toContain(toldOf('DATABSE_URL', 'DATABASE_URL'))
  expect(output).toContain(toldOf('RESEND_APIKEY', 'RESEND_API_KEY'))
})

test('a setting that nothing reads is found in a .env file, too', async () => {
  const cwd = path.resolve(test.info().outputDir, 'app')
  await mkdir(cwd, { recursive: true })
  await writeFile(path.join(cwd, '.env'), 'LIMIT_STREAM_PER_TICKET=3\nLIMIT_OLD=\n')
  const { code, output } = await runToEnd(programOf('worker/index.ts'), COMPLETE, { cwd })
  expect(code, output).toBe(1)
  expect(output).toBe(toldOf('LIMIT_STREAM_PER_TICKET', 'LIMIT_STREAMS_PER_TICKET'))
})

test('a setting in a developer’s .env does not reach what the tests start', async () => {
  const cwd = path.resolve(test.info().outputDir, 'app')
  await mkdir(cwd, { recursive: true })
  const settings = (await readFile('.env.example', 'utf8')).matchAll(/^#([A-Z_]+)=/gm)
  const names = [...settings].map(([, name = '']) => name).concat('PORT', 'SANDBOX_WORKERS', 'SANDBOX_TRACES')
  expect(names).toContain('OPERATOR_TOKEN')
  await writeFile(path.join(cwd, '.env'), names.map((name) => `${name}=-\n`).join(''))
  const worker = await runToEnd(programOf('worker/index.ts'), { ...COMPLETE, APP_URL: '' }, { cwd })
  expect(worker).toEqual({ code: 1, output: 'APP_URL: is missing. See .env.example.\n' })
  const args = ['--import', 'tsx', path.resolve('sandbox/run.ts'), 'demo', '--share=203.0.113.1']
  const { output } = await runToEnd(args, {}, { cwd })
  expect(output).toContain('"203.0.113.1" is no address of this computer.')
})

test('settings of other programs stop nothing, however much they look like ours', async () => {
  const foreign: Env = {
    ...{
      MAIL_FROM: 'ada@example.com',
      APP_ENV: 'production',
      APP_UID: '1000',
      LOG_LEVEL: 'info',
      WORKER_HOST: 'x',
    },
    ...{
      DATABASE_URI: 'postgres://localhost/x',
      DATABASE_HOST: 'x',
      RESEND_USER_AGENT: 'x',
      EMAIL_HOST: 'x',
    },
    ...{ OTEL_EXPORTER_OTLP_HEADERS: 'a=b', FORM_ACTION: 'x', RATE_LIMIT: '1', NOT_LIMIT_READS: '1' },
    // Kubernetes sets these variables for the services beside it.
    ...{ SANDBOX_SERVICE_HOST: '10.0.0.1', SANDBOX_SERVICE_PORT: '80', SANDBOX_SERVICE_PORT_HTTP: '80' },
    ...{ BACKSTAGE_PORT: 'tcp://10.0.0.1:80', BACKSTAGE_PORT_80_TCP: 'tcp://10.0.0.1:80' },
    ...{ BACKSTAGE_PORT_80_TCP_PROTO: 'tcp', BACKSTAGE_PORT_80_TCP_ADDR: '10.0.0.1' },
  }
  const { output } = await runToEnd(await PROGRAMS['npm run redrive'](), { ...COMPLETE, ...foreign })
  expect(output).toMatch(/^The database does not answer: .*ECONNREFUSED.*\n$/)
})

test('the doctor tells each setting that is malformed once, and skips its other checks', {
  tag: '@long',
}, async ({ stack }) => {
  const malformed = {
    ...{ APP_SECRET: 'short', RESEND_RATE_LIMIT: 'fast', TRUSTED_HOPS: '-1', WORKER_PORT: '0' },
    ...{ LIMIT_MAILS_PER_HOUR: 'many', RESEND_WEBHOOK_SECRET: 'whsec_A' },
  }
  const env = { APP_URL: 'https://localhost.example.com', RESEND_API_KEY: 're_real', RESEND_BASE_URL: '' }
  const { code, output } = await stack.run(programOf('worker/doctor.ts'), { ...env, ...malformed })
  expect(code, output).toBe(1)
  for (const setting of Object.keys(malformed))
    expect([...output.matchAll(new RegExp(`^! ${setting}: .+ See \\.env\\.example\\.$`, 'gm'))]).toHaveLength(
      1,
    )
  expect(output).not.toMatch(/Without|The links in mails|TRUSTED_HOPS is 0/)
  expect(output).toContain('EMAIL_FROM is a test sender')
  const local = await stack.run(programOf('worker/doctor.ts'), {
    ...env,
    APP_URL: 'http://app.localhost:3000',
  })
  expect(local.output).toContain('The links in mails lead to http://app.localhost:3000.')
})

test('the doctor on a database without our tables says so, and ends', async ({ stack }) => {
  await stack.query('CREATE DATABASE bare')
  const url = new URL(stack.databaseUrl)
  url.pathname = 'bare'
  try {
    const { code, output } = await stack.run(programOf('worker/doctor.ts'), { DATABASE_URL: url.href })
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringMatching(/^! The database lacks .+\n +npm run migrate\n$/),
    })
  } finally {
    await stack.query('DROP DATABASE bare WITH (FORCE)')
  }
})

test('the doctor names a missing migration, a kind of a newer version, missing webhooks and a read-only database', async ({
  stack,
}) => {
  const readOnly = new URL(stack.databaseUrl)
  readOnly.searchParams.set('options', '-c default_transaction_read_only=on')
  const doctor = async (url: string): Promise<string> =>
    (await stack.run(programOf('worker/doctor.ts'), { DATABASE_URL: url })).output
  const rename = (from: string, to: string) =>
    stack.query('UPDATE _prisma_migrations SET migration_name = replace(migration_name, $1, $2)', [from, to])
  const [{ id: kind }, { id: report }] = [
    await signUp(newAddress(), stack.appUrl),
    await signUp(newAddress(), stack.appUrl),
  ]
  expect(await doctor(stack.databaseUrl)).not.toMatch(/migrations|version|webhook|read-only/)
  await stack.query(`UPDATE "Email" SET kind = 'of-tomorrow' WHERE id = $1`, [kind])
  await stack.query(
    `UPDATE "Email" SET status = 'sent', "updatedAt" = now() - interval '2 hours' WHERE id = $1`,
    [report],
  )
  await rename('_init', '_before')
  try {
    const output = await doctor(readOnly.href)
    expect(output).toMatch(/^! 1 of the kind "of-tomorrow", which this version does not have\.$/m)
    expect(output).toMatch(/^! Mails were sent, and for a day no webhook has reported one\.$/m)
    expect(output).toMatch(/^! The database lacks these migrations: \d+_init\.$/m)
    expect(output).toMatch(/^! The database is read-only: /m)
  } finally {
    await rename('_before', '_init')
  }
})

test('a command with an argument too many, or too few, says its usage, and does nothing', {
  tag: '@long',
}, async () => {
  const wrong = [
    ['sandbox/run.ts', 'dev', '0.0.0.0'],
    ['sandbox/run.ts', 'develop'],
    ['worker/pace.ts', 'pause', 'all'],
    ['worker/queues.ts', 'move', 'send-email'],
    ['worker/queues.ts', 'drop', 'send-email'],
    ['worker/waiting.ts', 'drop'],
    ['worker/erase.ts', 'ada@example.com', 'bob@example.com'],
    ['worker/erase.ts', 'ada'],
    ['prisma/new-migration.ts'],
    ['prisma/migrate.ts', 'dry-run'],
  ]
  for (const [program = '', ...args] of wrong) {
    const { code, output } = await runToEnd([...programOf(program), ...args], COMPLETE)
    expect(code, output).toBe(2)
    expect(output).toMatch(/^Usage: npm run .+\n$/)
  }
})

test('npm run demo:worker says where it has looked for an app, and that none runs', async () => {
  const env = { ...COMPLETE, SANDBOX_DIR: test.info().outputPath('sandbox') }
  const start = () => runToEnd(['--import', 'tsx', 'sandbox/demo-worker.ts'], env)
  const answer = {
    code: 1,
    output: expect.stringMatching(/^No app runs with its data in .+: npm run demo.*\n$/),
  }
  expect(await start()).toEqual(answer)
  // As a runner that was killed leaves it.
  await mkdir(env.SANDBOX_DIR, { recursive: true })
  await writeFile(path.join(env.SANDBOX_DIR, 'env'), 'DATABASE_URL=postgres://localhost:1/none\n')
  expect(await start()).toEqual(answer)
})

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
