import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from '@playwright/test'
import './e2e/ignore-env-file'
import { findBrowser } from './e2e/browser'

// Most computers are not in UTC, so tests, processes and Postgres run in another zone. Set TZ to choose the zone.
if (!process.env.TZ || new Date().getTimezoneOffset() === 0) process.env.TZ = 'Asia/Tokyo'

// From Node 22 on, programs find their compiled code here, and start with a tenth less work.
process.env.NODE_COMPILE_CACHE ||= path.resolve('test-results/compiled')

export default defineConfig({
  testDir: 'e2e',
  // `npm test` runs the first. Run the second when you change the code that it tests.
  projects: [
    { name: 'tests', grepInvert: /@long/ },
    { name: 'long', grep: /@long/ },
  ],
  outputDir: 'test-results/output',
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  workers: Math.max(3, Math.floor(availableParallelism() / 2)),
  // CI runs on busy machines. The report lists a test that needed its retry as flaky.
  retries: process.env.CI ? 1 : 0,
  // Tests wait for conditions. These limits are for a busy computer.
  timeout: 180_000,
  expect: { timeout: 45_000 },
  reporter: [['list'], ['./e2e/reporter.ts']],
  use: {
    // biome-ignore lint/style/noNonNullAssertion: the runner's READY line sets it, see webServer
    baseURL: process.env.APP_URL!,
    // Users are in another zone than the server.
    timezoneId: 'America/Los_Angeles',
    launchOptions: { executablePath: findBrowser() },
  },
  webServer: {
    name: 'app',
    command: 'node --import tsx sandbox/run.ts demo',
    env: {
      SANDBOX_DIR: 'test-results/sandbox',
      SANDBOX_FRESH: '1',
      SANDBOX_LATENCY_MS: '50',
      PORT: '0',
      // Overrides a developer's shell: tests never use a real database or send real mail.
      DATABASE_URL: '',
      RESEND_API_KEY: '',
      APP_URL: '',
    },
    wait: { stdout: /READY (?<app_url>\S+)/ },
    gracefulShutdown: { signal: 'SIGTERM', timeout: 30_000 },
    // Includes a build when the sources have changed.
    timeout: 600_000,
    stdout: 'ignore',
  },
})
