import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import type { DatabaseError } from 'pg'
import { connectionConfig } from '../lib/db/connection'
import { listMigrations } from '../lib/db/list-migrations'

/*
 * Prisma's schema engine, compiled to WebAssembly. It works like `prisma migrate` and writes the same
 * `_prisma_migrations`, but needs no download and no native binary.
 */
const FOLDER = fileURLToPath(new URL('.', import.meta.url))
export const SCHEMA = path.join(FOLDER, 'schema.prisma')
export const MIGRATIONS = path.join(FOLDER, 'migrations')

/** A migration that waits for a lock makes all later statements wait, too. So it fails early and can be run again. */
const LOCK_TIMEOUT_MS = 5_000

const NO_FILTER = { externalTables: [], externalEnums: [] }

/**
 * Applies the migrations that the database does not have yet, and returns their names.
 * @throws when a migration fails, with Postgres's message, or when the database's history does not match the folder. A
 *   failed migration can be corrected and applied again.
 */
export async function applyMigrations(databaseUrl: string): Promise<string[]> {
  // The statements of a migration have no timeout.
  const adapter = new Adapter({ ...connectionConfig(0, databaseUrl), lock_timeout: LOCK_TIMEOUT_MS })
  const engine = await openEngine(adapter)
  const names = await listMigrations(MIGRATIONS)
  const lockfile = path.join(MIGRATIONS, 'migration_lock.toml')
  const migrations = {
    migrationsList: {
      baseDir: MIGRATIONS,
      lockfile: { path: 'migration_lock.toml', content: await readFile(lockfile, 'utf8') },
      shadowDbInitScript: '',
      migrationDirectories: await Promise.all(
        names.map(async (name) => {
          const value = await readFile(path.join(MIGRATIONS, name, 'migration.sql'), 'utf8')
          return {
            path: name,
            migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } },
          }
        }),
      ),
    },
    filters: NO_FILTER,
  }
  try {
    return (await engine.applyMigrations(migrations)).appliedMigrationNames
  } catch (error) {
    const { message } = error as Error
    const [, name] = /migration_name="(.+)"/.exec(message) ?? []
    if (!name || !adapter.refusal) throw error
    // A script is one transaction, so Postgres has rolled it back.
    await engine.markMigrationRolledBack({ migrationName: name })
    throw new Error(`${name}, ${adapter.refusal}`)
  }
}

/**
 * Returns the SQL that leads from one schema.prisma to another, or '' if they are equivalent.
 * @param databaseUrl any PostgreSQL database. The engine needs a connection, but reads and writes nothing there.
 * @param from the contents of the older schema, or null for an empty database
 */
export async function diffSchemas(databaseUrl: string, from: string | null, to: string): Promise<string> {
  const engine = await openEngine(new Adapter(connectionConfig(0, databaseUrl)))
  const target = (content: string) => ({
    tag: 'schemaDatamodel' as const,
    files: [{ path: SCHEMA, content }],
  })
  const result = await engine.diff({
    from: from === null ? { tag: 'empty' } : target(from),
    to: target(to),
    script: true,
    exitCode: true,
    filters: NO_FILTER,
  })
  return result.exitCode === 0 ? '' : (result.stdout ?? '')
}

async function openEngine(adapter: Adapter): Promise<bindings.SchemaEngine> {
  const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const wasm = await readFile(path.join(path.dirname(file), 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings })
  bindings.__wbg_set_wasm(instance.exports)
  const initialise = instance.exports.__wbindgen_start as () => void
  initialise()
  return bindings.SchemaEngine.new(
    { datamodels: [[SCHEMA, await readFile(SCHEMA, 'utf8')]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapter),
  )
}

/** Sends a script as a whole. Prisma's adapter splits it at every semicolon, even inside a function's body. */
class Adapter extends PrismaPg {
  /** Postgres's message and the line of the script. The engine itself says only that the script failed. */
  refusal?: string

  override async connect(): ReturnType<PrismaPg['connect']> {
    const connection = await super.connect()
    connection.executeScript = async (script) => {
      try {
        await connection.underlyingDriver().query(script)
      } catch (error) {
        const { message, detail, position } = error as DatabaseError
        const line = position ? `line ${script.slice(0, Number(position)).split('\n').length}: ` : ''
        this.refusal = [line + message, detail].filter(Boolean).join('\n')
        throw error
      }
    }
    return connection
  }
}
