import { PgBoss } from 'pg-boss'
import { newAddress, signUp } from '../../app'
import { untilSettled } from '../../faults/oracle'
import type { Stack } from '../../stack'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

const AT_ONCE = 10

/** Measures the size of signups in the database: when their mails have arrived, and when all expired rows are gone. */
export async function measureBytes(stack: Stack, { signups }: Sizes): Promise<Findings> {
  await startAfresh(stack)
  const empty = await readSize(stack)
  const worker = await stack.startWorker({ RESEND_RATE_LIMIT: '1000' })
  try {
    for (let left = signups; left > 0; left -= AT_ONCE) {
      const some = Array.from({ length: Math.min(left, AT_ONCE) }, () => signUp(newAddress(), stack.appUrl))
      await Promise.all(some)
    }
    await untilSettled(stack)
    const arrived = await readSize(stack)
    await letAMonthPass(stack)
    const later = await readSize(stack)
    const perThousand = (bytes: number): string => format((bytes - empty) / signups, 'kB')
    return {
      title: '1,000 SIGNUPS IN THE DATABASE',
      columns: ['with indexes'],
      rows: [
        ['when their mails have arrived', perThousand(arrived)],
        ['a month later', perThousand(later)],
      ],
      notes: ['Measured after VACUUM FULL. Each signup is a user, an email, a session, and what happened.'],
    }
  } finally {
    await worker.kill('SIGKILL')
  }
}

async function letAMonthPass(stack: Stack): Promise<void> {
  await stack.query(
    `UPDATE "EmailEvent" SET at = at - interval '31 days';
     UPDATE "Email" SET "updatedAt" = "updatedAt" - interval '31 days';
     UPDATE "Session" SET "usedAt" = "usedAt" - interval '31 days';
     UPDATE pgboss.job SET completed_on = completed_on - interval '31 days'`,
  )
  const boss = new PgBoss({
    connectionString: stack.databaseUrl,
    schedule: false,
    maintenanceIntervalSeconds: 1,
  })
  await boss.start()
  await boss.send('clean-up', {})
  await untilSettled(stack)
  await boss.supervise()
  await boss.stop()
}

/** The size of all tables with their indexes, in bytes, when nothing deleted is left in them. */
async function readSize(stack: Stack): Promise<number> {
  await stack.query('VACUUM FULL')
  const [row] = await stack.query<{ bytes: string }>(
    `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace::regnamespace::text IN ('public', 'pgboss')`,
  )
  return Number(row?.bytes)
}
