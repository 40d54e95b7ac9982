import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { env, loadEnvFiles, requireEnv } from './env'

/**
 * Connection string of the database that DATABASE_URL names, or where nothing does, of the sandbox that runs on this
 * computer. Without either, it ends the process.
 */
export function findDatabase(): string {
  loadEnvFiles()
  const sandbox = path.join(process.env.SANDBOX_DIR || '.sandbox', 'env')
  if (!process.env.DATABASE_URL && existsSync(sandbox)) {
    Object.assign(process.env, parseEnv(readFileSync(sandbox, 'utf8')))
  }
  requireEnv(['DATABASE_URL'])
  return env('DATABASE_URL')
}
