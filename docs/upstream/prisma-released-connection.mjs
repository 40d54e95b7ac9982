// See prisma-released-connection.md. Anywhere else: npm install @prisma/client @prisma/adapter-pg pg
// DATABASE_URL=postgresql://… node prisma-released-connection.mjs
import { PrismaPg } from '@prisma/adapter-pg'
import { getPrismaClient } from '@prisma/client/runtime/client'
import pg from 'pg'

const connectionString = process.env.DATABASE_URL
const other = new pg.Client({ connectionString })
await other.connect()

/** Returns the rows after a transaction that failed, and after what the next user of its connection did. */
async function run(actNext, setUp = () => {}) {
  await other.query('DROP TABLE IF EXISTS reproduction; CREATE TABLE reproduction (row text)')
  const pool = new pg.Pool({ connectionString, max: 1, query_timeout: 400 })
  setUp(pool)
  const prisma = createClient({ adapter: new PrismaPg(pool) })
  // A statement waits for a lock for longer than the client waits for both it and the ROLLBACK behind it.
  await other.query('SELECT pg_advisory_lock(1)')
  const failed = prisma.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO reproduction VALUES ('first half')`
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(1)::text`
    await tx.$executeRaw`INSERT INTO reproduction VALUES ('second half')`
  })
  await failed.catch((error) => console.log(`  the transaction failed: ${error.message.split('\n').at(-1)}`))
  await other.query('SELECT pg_advisory_unlock(1)')
  await actNext(prisma)
  await pool.end()
  const { rows } = await other.query('DELETE FROM reproduction RETURNING row')
  return rows.map(({ row }) => row).join(', ') || 'nothing'
}
const insert = (prisma) => prisma.$executeRaw`INSERT INTO reproduction VALUES ('next user')`
const transact = (prisma) => prisma.$transaction(async (tx) => void (await insert(tx)))
const closeUnlessIdle = (pool) =>
  pool.on('release', (_error, client) => void (client.getTransactionStatus() === 'I' || client.end()))

const seen = [await run(transact), await run(insert), await run(transact, closeUnlessIdle)]
console.log(`The next user commits a transaction:        ${seen[0]}. Expected: next user.`)
console.log(`The next user runs one statement:           ${seen[1]}. Expected: next user.`)
console.log(`A transaction, with closeUnlessIdle (ours): ${seen[2]}. Expected: next user.`)
await other.query('DROP TABLE reproduction')
await other.end()
const isAsDescribed = `${seen}` === 'first half, next user,nothing,next user'
console.log(isAsDescribed ? 'As described.' : 'NOT as described: see the page.')
process.exitCode = isAsDescribed ? 0 : 1

/** Creates the client that `prisma generate` makes of a schema without models. */
function createClient(options) {
  const compiler = '@prisma/client/runtime/query_compiler_fast_bg.postgresql'
  const readWasm = async () => Buffer.from((await import(`${compiler}.wasm-base64.mjs`)).wasm, 'base64')
  const PrismaClient = getPrismaClient({
    activeProvider: 'postgresql',
    inlineSchema: 'datasource db { provider = "postgresql" }',
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    parameterizationSchema: { strings: [], graph: 'AAAAAAAAAAAAAAAA' },
    compilerWasm: {
      getRuntime: () => import(`${compiler}.mjs`),
      getQueryCompilerWasmModule: async () => new WebAssembly.Module(await readWasm()),
      importName: './query_compiler_fast_bg.js',
    },
  })
  return new PrismaClient(options)
}
