/* Before the tests: makes sure that there is a browser, and that it starts. */
import { execSync } from 'node:child_process'
import { chromium } from '@playwright/test'
import { findBrowser } from './browser'

console.log('The tests take about a quarter of an hour: a browser, a build, and then a line for each test.')
// A warning only, because tests of the API may pass.
if (process.platform === 'win32')
  console.warn(
    'On Windows, many tests fail, because it has no signals: npm run test:smoke, or all tests in WSL.',
  )

const WAYS = [
  'npx playwright install chromium',
  // As root on Debian or Ubuntu, where Playwright cannot download or lacks system libraries.
  ...(process.getuid?.() === 0
    ? ['apt-get update', 'apt-get install -y --no-install-recommends chromium-headless-shell']
    : []),
]

for (const way of ['', ...WAYS]) {
  if (way) run(way)
  if (await starts()) process.exit()
}
console.error(
  'No Chromium starts here. Run `npx playwright install --with-deps chromium`, or set CHROMIUM_PATH.',
)
process.exit(1)

async function starts(): Promise<boolean> {
  const executablePath = findBrowser()
  if (!executablePath) return false
  try {
    await (await chromium.launch({ executablePath })).close()
    return true
  } catch (error) {
    console.error(`${executablePath} does not start: ${(error as Error).message.split('\n')[0]}`)
    return false
  }
}

function run(command: string): void {
  console.log(`> ${command}`)
  try {
    execSync(command, { stdio: 'inherit', timeout: 300_000 })
  } catch {
    // The next way may work.
  }
}
