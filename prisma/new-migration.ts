/*
 * npm run migrate:new -- add-phone
 *
 * Writes the migration that leads from the last migration to schema.prisma, and generates the Prisma client. A copy of
 * the last schema stands beside the migrations, so the comparison needs no shadow database and no network.
 */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { findDatabase } from '../lib/db/find-database'
import { readArguments } from '../lib/ops/arguments'
import '../lib/output'
import { diffSchemas, MIGRATIONS, SCHEMA } from './engine'

const { positionals } = readArguments('npm run migrate:new -- add-phone', {}, ([title = '', ...more]) => {
  return /^[a-z0-9][a-z0-9_-]*$/i.test(title) && more.length === 0
})

const lastSchema = path.join(MIGRATIONS, 'schema.prisma')
const before = await readFile(lastSchema, 'utf8')
const sql = await diffSchemas(findDatabase(), before, await readFile(SCHEMA, 'utf8'))

const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js')
const { status, stderr } = spawnSync(process.execPath, [prisma, 'generate'], { encoding: 'utf8' })
if (status !== 0) {
  console.error(stderr)
  process.exit(1)
}
console.log('Generated the Prisma client.')

if (!sql) {
  console.log('No migration to write: schema.prisma has not changed since the last one.')
  process.exit()
}

const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
const folder = path.join(MIGRATIONS, `${timestamp}_${positionals[0]}`)
await mkdir(folder)
await writeFile(path.join(folder, 'migration.sql'), sql)
await copyFile(SCHEMA, lastSchema)
console.log(`Wrote ${path.relative(process.cwd(), folder)}. Read the SQL, then: npm run migrate`)
// The engine's connections would keep the process alive.
process.exit()
