import { Client } from 'pg'
import { isDelivered, newAddress, postSignup, signUp, waitForSnapshot } from '../../app'
import type { Stack } from '../../stack'
import { median, repeat, time } from './measure'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, format, toTimes } from './table'

const CROWD = 200

/** How long does a person wait for the answer, and how much of it is the job's? */
export async function measureSignup(stack: Stack, { rounds }: Sizes): Promise<Findings> {
  await startAfresh(stack)
  const worker = await stack.startWorker({ RESEND_RATE_LIMIT: '1000' })
  const database = new Client({ connectionString: stack.databaseUrl })
  await database.connect()
  const signup = (): Promise<number> => timeSignup(stack)
  const nothing = (): Promise<number> => time(async () => (await fetch(`${stack.appUrl}/api`)).arrayBuffer())
  const insert = (): Promise<number> => time(() => insertWithoutJob(database))
  try {
    for (const warmUp of [signup, nothing, insert]) await repeat(20, warmUp)
    const signups = await repeat(rounds, signup)
    const inserts = await repeat(rounds, insert)
    const nothings = await repeat(rounds, nothing)
    return {
      title: 'SIGNUP, ms',
      columns: ['median', 'p95'],
      rows: [
        ['POST /api/users', ...toTimes(signups)],
        ['the same rows without a job, in SQL', ...toTimes(inserts)],
        ['a request that does nothing: GET /api', ...toTimes(nothings)],
        ['a signup against nothing', `× ${format(median(signups) / median(nothings))}`, ''],
        ['a signup against the bare rows', `× ${format(median(signups) / median(inserts))}`, ''],
        await askAtOnce(stack),
      ],
    }
  } finally {
    await database.end()
    await worker.kill('SIGKILL')
  }
}

/** One signup at a time: the next one begins when the mail of the last has arrived. */
async function timeSignup(stack: Stack): Promise<number> {
  const started = performance.now()
  const { id } = await signUp(newAddress(), stack.appUrl)
  const ms = performance.now() - started
  await waitForSnapshot(id, isDelivered, stack.appUrl)
  return ms
}

async function insertWithoutJob(database: Client): Promise<void> {
  await database.query('BEGIN')
  const { rows: users } = await database.query(
    'INSERT INTO "User" (name, email) VALUES ($1, $2) RETURNING id',
    ['Ada', newAddress()],
  )
  const { rows: emails } = await database.query(
    `INSERT INTO "Email" ("userId", kind) VALUES ($1, 'welcome') RETURNING id`,
    [users[0].id],
  )
  await database.query(`INSERT INTO "EmailEvent" ("emailId", status) VALUES ($1, 'queued')`, [emails[0].id])
  await database.query('COMMIT')
}

async function askAtOnce(stack: Stack): Promise<[string, string, string]> {
  let answered = 0
  const times = await Promise.all(
    Array.from({ length: CROWD }, () =>
      time(async () => {
        const response = await postSignup({ name: 'Ada', email: newAddress() }, {}, stack.appUrl)
        await response.arrayBuffer()
        if (response.status === 201) answered++
      }),
    ),
  )
  return [`${CROWD} at the same moment: ${answered} created`, ...toTimes(times)]
}
