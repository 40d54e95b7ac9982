import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { env, loadEnvFiles, requireEnv, type Setting } from '../env'
import { reasonOf } from '../log'
import { connectionConfig, SafeClient } from './connection'

/** Returns DATABASE_URL of the settings or of the running sandbox. Exits the process without either. */
export function findDatabase(names: Setting[] = ['DATABASE_URL']): string {
  loadEnvFiles()
  const sandbox = path.join(process.env.SANDBOX_DIR || '.sandbox', 'env')
  if (!process.env.DATABASE_URL && existsSync(sandbox)) {
    Object.assign(process.env, parseEnv(readFileSync(sandbox, 'utf8')))
  }
  requireEnv(names)
  return env('DATABASE_URL')
}

/** Checks the connection. Exits the process with the reason when the database does not answer. */
export async function reachDatabase(): Promise<void> {
  const url = findDatabase(['DATABASE_URL', 'DATABASE_POOL_SIZE'])
  const client = new SafeClient(connectionConfig(5_000, url))
  try {
    await client.connect()
    await client.end()
  } catch (error) {
    console.error(`The database does not answer: ${reasonOf(error)}`)
    process.exit(1)
  }
}
