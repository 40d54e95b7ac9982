/*
 * npm run demo:worker
 *
 * Starts one more worker for the `dev` or `demo` that runs in this folder.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { loadEnvFiles } from '../lib/env'
import { readArguments } from '../lib/ops/arguments'
import { findRunner } from './lock'

readArguments('npm run demo:worker', {})
loadEnvFiles()
const dir = process.env.SANDBOX_DIR || '.sandbox'
const envFile = path.join(dir, 'env')
// A runner that was killed leaves its file.
if (!existsSync(envFile) || (await findRunner(dir)) === undefined) {
  console.error(
    `No app runs with its data in ${dir}. Start it in another terminal: npm run demo, or npm run dev`,
  )
  process.exit(1)
}
Object.assign(process.env, parseEnv(readFileSync(envFile, 'utf8')))
await import('../worker/index')
