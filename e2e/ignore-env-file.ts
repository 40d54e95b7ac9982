/*
 * Keeps a developer's `.env` away from the tests, and from other programs that start the app. An empty setting in the
 * environment comes before the file, and counts as not set. Imported first, before anything reads the file.
 */
import { SETTINGS } from '../lib/env'
import { ignoreLibpqSettings } from '../sandbox/libpq-settings'

// Only a Postgres for a computer that npm has none for stays.
const names = [...SETTINGS, 'PORT'].filter((name) => name !== 'SANDBOX_POSTGRES_BIN')
for (const name of names) process.env[name] ??= ''

// The tests connect to the sandbox's Postgres, too.
ignoreLibpqSettings()
