import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from '@playwright/test'
import { waitFor } from '../stack'
import { test } from '../test'
import { type Crowd, gather, reportAll } from './crowd'
import { findFaults, untilSettled } from './oracle'
import { closeGate, makeDue } from './steps'
import { closeWorlds, findDeaths, listTables, openWorlds, untilTrue, type World } from './worlds'

/*
 * A lock that outlives all timeouts together: that of a statement (9 s), of a transaction (10 s), of a worker's statement
 * (29 s), and the patience of a client (12 s).
 */
const HOLD_MS = 34_000

/** The lock modes of a plain CREATE INDEX, and of ALTER TABLE with a rewrite, VACUUM FULL and a migration. */
const MODES = ['SHARE', 'ACCESS EXCLUSIVE']

/**
 * Different transactions use the tables that are locked together. Otherwise the first table would hide the others. The last
 * world locks all other tables that there are.
 */
const GROUPS = {
  user: ['"User"'],
  email: ['"Email"'],
  event: ['"EmailEvent"'],
  job: ['job', 'job_common'],
  batch: ['"Batch"', '"Session"'],
  pace: ['"SuppressedMailbox"'],
  rest: [],
}

type Variant = [title: string, tag: string[], names: string[], modes: (world: number) => string[]]

const VARIANTS: Variant[] = [
  ['users, events or jobs', [], ['user', 'event', 'job'], (world) => [MODES[world % 2] ?? '']],
  ['each table, and the row of the pace', ['@long'], Object.keys(GROUPS), () => MODES],
]

for (const [title, tag, names, modes] of VARIANTS) {
  test(`locked for longer than all timeouts: ${title}; nothing is half`, { tag }, async ({ stack }) => {
    test.setTimeout(400_000)
    const worlds: World[] = []
    try {
      worlds.push(...(await openWorlds(stack, names)))
      // Requests with batches are under way when a lock comes.
      await stack.setProvider({ latencyMs: 2_500 })
      const reports = await Promise.all(worlds.map((world, number) => surviveOrTell(world, modes(number))))
      const faults = reports.flatMap((report) => report.faults)
      const told = reports.map(({ name, statuses, met }) => ({ name, met, ...Object.fromEntries(statuses) }))
      console.log(JSON.stringify(told))
      expect(faults).toEqual([])
      // A statement has met each lock, except in the last world, where some tables are of no use to a signup.
      for (const { name, met } of reports) if (name !== 'rest') expect(met, name).not.toContain(false)
    } finally {
      await closeWorlds(stack, worlds)
    }
  })
}

type Report = Pick<Crowd, 'faults' | 'statuses'> & { name: string; met: boolean[] }

/** A world that ends with an error must not end before the others. */
function surviveOrTell(world: World, modes: string[]): Promise<Report> {
  return survive(world, modes).catch((error) => ({
    name: world.name,
    statuses: new Map(),
    met: [],
    faults: [`${world.name}: ${(error as Error).stack}`],
  }))
}

async function survive(world: World, modes: string[]): Promise<Report> {
  const tables = await findTables(world)
  const crowd = gather(world)
  const met: boolean[] = []
  const { annotations } = test.info()
  annotations.push({ type: 'world', description: world.name })
  for (const mode of modes) {
    for (const table of tables) annotations.push({ type: 'fault', description: `${mode} of ${table}` })
    await Promise.all([crowd.signUp(), crowd.signUp(), crowd.signUp()])
    await untilTrue(async () => (await world.query(`SELECT FROM "Batch"`)).length > 0)
    // Others wait for their turn until the lock is there.
    await untilTrue(async () => {
      await world.query(`UPDATE "Pace" SET "nextTurnAt" = now() + interval '3 seconds'`)
      return true
    })
    await Promise.all([crowd.signUp(), crowd.signUp(), crowd.signUp()])
    met.push(await lock(world, tables, mode))
  }
  await crowd.end()
  const faults = new Set([...crowd.faults, ...(await findDeaths(world))])
  // After a half-done change, it may never come to rest.
  if (faults.size === 0) for (const fault of await settle(world, crowd)) faults.add(fault)
  return {
    name: world.name,
    statuses: crowd.statuses,
    met,
    faults: [...faults].map((fault) => `${world.name}: ${fault}`),
  }
}

/** Returns the tables of this world's group. Each table is in one group. */
async function findTables(world: World): Promise<string[]> {
  const isIn = (group: string[], table: string): boolean => group.includes(table.split('.')[1] ?? '')
  const all = await listTables(world)
  const group = GROUPS[world.name as keyof typeof GROUPS]
  const tables = all.filter((table) =>
    world.name === 'rest' ? !isIn(Object.values(GROUPS).flat(), table) : isIn(group, table),
  )
  expect(tables.length).toBeGreaterThanOrEqual(Math.max(group.length, 1))
  return tables
}

/** @returns whether a statement had to wait for it */
async function lock(world: World, tables: string[], mode: string): Promise<boolean> {
  const row = world.name === 'pace' ? `SELECT FROM "Pace" FOR UPDATE;` : ''
  const close = (): ReturnType<typeof closeGate> =>
    closeGate(world, `${row} LOCK TABLE ${tables.join(', ')} IN ${mode} MODE`)
  // In a deadlock with another transaction, Postgres may end this one. Then it is tried once more.
  await using gate = await close().catch(close)
  await sleep(HOLD_MS / 2)
  const waiting = await world.query(
    `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
  )
  await sleep(HOLD_MS / 2)
  await gate.open()
  return waiting.length > 0
}

/** Waits for the end of it all. @returns what is wrong then */
async function settle(world: World, crowd: Crowd): Promise<string[]> {
  const hurry = setInterval(() => {
    void makeDue(world).catch(() => {})
    void reportAll(world)
  }, 1_000)
  await untilSettled(world).finally(() => clearInterval(hurry))
  const left = crowd.signups.filter(({ erasure }) => !erasure)
  await waitFor(async () => (await world.query('SELECT FROM "User" WHERE erasure IS NOT NULL')).length === 0)
  const ids = left.map(({ id }) => id ?? '')
  // The mails to corrected addresses.
  const more = await world.query<{ id: string }>('SELECT id FROM "Email" WHERE NOT id = ANY ($1)', [ids])
  const faults = await findFaults(world, [...ids, ...more.map(({ id }) => id)], ids.length)
  const [sweep] = await world.query<{ repaired: number }>('SELECT repaired FROM "Sweep"')
  if (sweep?.repaired) faults.push(`${sweep.repaired} halves had to be repaired`)
  return faults
}
