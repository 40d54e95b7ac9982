/*
 * User, email and job in one transaction of Prisma: https://pgboss.io (fromPrisma) and
 * https://www.prisma.io/docs/orm/prisma-client/queries/transactions. Takes part in the locks alone.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import { fromPrisma } from 'pg-boss'
import { sendWelcome } from './mail.mjs'
import { openBoss } from './pg-boss.mjs'
import { PrismaClient } from './prisma/generated/client.mjs'

// The adapter takes a pool of its own copy of pg only, and this folder may have another one.
const pg = createRequire(import.meta.resolve('@prisma/adapter-pg'))('pg')

export { pending } from './pg-boss.mjs'
export const title = 'Prisma and pg-boss inside'
export const packages = ['@prisma/client', '@prisma/adapter-pg', 'pg-boss', 'pg']
export const rows = {
  defaults: { pool: {}, transaction: {} },
  'defaults, nested write': { pool: {}, transaction: {}, nested: true },
  'with query_timeout': {
    pool: { connectionTimeoutMillis: 5_000, query_timeout: 10_000 },
    transaction: { maxWait: 5_000, timeout: 10_000 },
  },
  repaired: {
    pool: {
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      options: '-c statement_timeout=4000 -c lock_timeout=4000',
    },
    transaction: { maxWait: 5_000, timeout: 10_000 },
    closeUnlessIdle: true,
    nested: true,
  },
}

export async function migrate() {
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
  await client.connect()
  await client.query(await readFile(new URL('./prisma/schema.sql', import.meta.url), 'utf8'))
  await client.end()
  const boss = await openBoss()
  await boss.createQueue('welcome')
  await boss.stop()
}

export async function openSignup({ nested, transaction, ...settings }) {
  const prisma = openPrisma(settings)
  const boss = await openBoss()
  const create = nested ? createNested : createOneByOne
  return (input) =>
    prisma.$transaction(async (tx) => {
      const emailId = await create(tx, input)
      await boss.send('welcome', { emailId }, { db: fromPrisma(tx) })
    }, transaction)
}

async function createOneByOne(tx, data) {
  const user = await tx.user.create({ data })
  const email = await tx.email.create({ data: { userId: user.id } })
  return email.id
}

/** One call, and several statements. */
async function createNested(tx, { name, email: address }) {
  const user = { connectOrCreate: { where: { email: address }, create: { name, email: address } } }
  const email = await tx.email.create({ data: { user } })
  return email.id
}

export async function work() {
  const prisma = openPrisma({})
  const boss = await openBoss()
  await boss.work('welcome', { localConcurrency: 10 }, async ([{ data }]) => {
    const { user } = await prisma.email.findUniqueOrThrow({
      where: { id: data.emailId },
      include: { user: true },
    })
    await sendWelcome(user, `welcome/${data.emailId}`)
  })
}

function openPrisma({ pool: options, closeUnlessIdle }) {
  const config = { connectionString: process.env.DATABASE_URL, ...options }
  if (!closeUnlessIdle) return new PrismaClient({ adapter: new PrismaPg(config) })
  const pool = new pg.Pool(config)
  pool.on('error', (error) => console.error(error.message))
  pool.on('release', (_error, client) => {
    if (client.getTransactionStatus() !== 'I') void client.end()
  })
  return new PrismaClient({ adapter: new PrismaPg(pool) })
}
