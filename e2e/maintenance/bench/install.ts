import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

/** Installs what the project itself does not need, next to the programs that do. Returns false without a network. */
export async function installRivals(): Promise<boolean> {
  const npm = spawn(
    'npm',
    [
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--no-package-lock',
      '--fetch-retries=1',
      '--ignore-scripts',
      '--loglevel=error',
    ],
    {
      cwd: path.join(import.meta.dirname, 'rivals'),
      stdio: ['ignore', 'ignore', 'inherit'],
      // npm is a .cmd file on Windows.
      shell: process.platform === 'win32',
    },
  )
  const code = await once(npm, 'close').then(
    ([code]) => code,
    () => null,
  )
  return code === 0
}
