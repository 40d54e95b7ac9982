import { setTimeout as sleep } from 'node:timers/promises'
import type { Stack } from '../../stack'
import { installRivals } from './install'
import { waitAtMost } from './measure'
import { age } from './promises/age'
import { type App, closeApp, openApp } from './promises/app'
import { type Contender, createOurs } from './promises/contender'
import { ROUNDS } from './promises/faults'
import { judge, type Verdict } from './promises/judge'
import { type Cell, report } from './promises/report'
import { loadRivals } from './promises/rivals'
import { openOwnRedis } from './redis'
import type { Race, Sizes } from './sizes'
import type { Findings } from './table'

/** How long after the trouble a mail may take without being "still to come". */
const WATCH_MS = 20_000
/** The same after the end of all leases. */
const AFTER_LEASES_MS = 60_000
/** Two for each app, for many apps at a time. */
const MAX_CONNECTIONS = 1_000

/** The same signups and the same faults, for us and for what people write: who gets a mail, who two, and who none? */
export async function measurePromises(stack: Stack, { repeats }: Sizes, race: Race): Promise<Findings[]> {
  const [contenders, leftOut] = await findContenders(stack, race)
  const rounds = ROUNDS.map((faults) => faults.filter(({ id }) => isChosen(race.faults, id)))
  await stack.query(`ALTER SYSTEM SET max_connections = ${MAX_CONNECTIONS}`)
  await stack.killPostgres('SIGINT')
  await stack.untilPostgresIsBack()

  const cells: Cell[] = rounds
    .flat()
    .flatMap((fault) =>
      contenders
        .filter(({ prisma }) => (fault.prisma ? prisma : prisma !== 'alone'))
        .map((contender) => ({ contender, fault, verdicts: [] })),
    )
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const faults of rounds)
      await runRound(
        stack,
        cells.filter(({ fault }) => faults.includes(fault)),
      )
  return report(
    cells.filter(({ verdicts }) => verdicts.length > 0),
    repeats,
    leftOut,
  )
}

/** All cells side by side. */
async function runRound(stack: Stack, cells: Cell[]): Promise<void> {
  if (cells.length === 0) return
  const started = Date.now()
  const apps = await Promise.all(cells.map(({ contender }) => openApp(stack, contender)))
  const faults = [...new Set(cells.map(({ fault }) => fault))]
  await Promise.all(
    faults.map((fault) =>
      fault.hurt(
        apps.filter((_, i) => cells[i]?.fault === fault),
        stack,
      ),
    ),
  )
  const verdicts = await Promise.all(apps.map(letCome))
  for (const [i, verdict] of verdicts.entries()) cells[i]?.verdicts.push(verdict)
  await Promise.all(apps.map((app) => closeApp(stack, app)))
  console.log(`${faults.map(({ id }) => id).join(', ')}: ${Math.round((Date.now() - started) / 1000)} s`)
}

/** Waits for the mails, lets the leases run out, waits for what that brings, and counts. */
async function letCome(app: App): Promise<Verdict> {
  const { countPending } = app.contender
  const isDone = async (): Promise<boolean> => (await countPending(app.place)) === 0
  let agedAt = Number.POSITIVE_INFINITY
  if (!(await waitAtMost(WATCH_MS, isDone))) {
    agedAt = Date.now()
    await age(app)
    if (!(await waitAtMost(AFTER_LEASES_MS, isDone)))
      console.log(`${app.contender.title}: some jobs still wait after all leases.`)
  }
  // Requests of dead senders that are still on their way to the provider arrive, too.
  await sleep(1_000)
  return await judge(app, agedAt)
}

async function findContenders(stack: Stack, { contenders: chosen }: Race): Promise<[Contender[], string[]]> {
  const ours = createOurs(stack)
  const us = isChosen(chosen, ours.id) ? [ours] : []
  if (!(await installRivals())) return [us, ['The rivals could not be installed.']]
  const rivals = await loadRivals(chosen)
  const redis = await openOwnRedis()
  await redis?.stop()
  if (redis) return [[...us, ...rivals], []]
  return [[...us, ...rivals.filter((rival) => !rival.redis)], ['There is no redis-server: no BullMQ.']]
}

const isChosen = (chosen: string[] | undefined, id: string): boolean => chosen?.includes(id) ?? true
