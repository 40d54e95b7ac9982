import type { Snapshot } from '../../../lib/status/status'
import { isDelivered, newAddress, signUp, waitForSnapshot } from '../../app'
import type { Stack } from '../../stack'
import { repeat } from './measure'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, toTimes } from './table'
import { watchTickets } from './tickets'

/** How long is one mail on its way when nothing else is to do? */
export async function measureLone(stack: Stack, { rounds, visits }: Sizes): Promise<Findings> {
  await startAfresh(stack)
  const worker = await stack.startWorker({ RESEND_RATE_LIMIT: '1000' })
  try {
    await repeat(20, () => deliverOne(stack))
    const snapshots = await repeat(rounds, () => deliverOne(stack))
    const taken = await readTaken(
      stack,
      snapshots.map(({ id }) => id),
    )
    return {
      title: 'A LONE MAIL, ms',
      columns: ['median', 'p95'],
      rows: [
        ['queued → a worker has the job', ...toTimes(taken)],
        ['queued → "sending" is recorded', ...toTimes(waits(snapshots, 'queued', 'sending'))],
        ['queued → accepted by the mail service', ...toTimes(waits(snapshots, 'queued', 'sent'))],
        ['recorded → visible in the browser', ...toTimes(await watchTickets(stack, visits))],
      ],
    }
  } finally {
    await worker.kill('SIGKILL')
  }
}

async function deliverOne(stack: Stack): Promise<Snapshot> {
  const { id } = await signUp(newAddress(), stack.appUrl)
  return await waitForSnapshot(id, isDelivered, stack.appUrl)
}

/** How long each email was queued before a worker had its job, in ms. */
async function readTaken(stack: Stack, emailIds: string[]): Promise<number[]> {
  const rows = await stack.query<{ ms: string }>(
    `SELECT extract(epoch FROM started_on - at) * 1000 AS ms FROM pgboss.job JOIN "EmailEvent" ON "emailId"::text = data->>'emailId'
     WHERE status = 'queued' AND data->>'emailId' = ANY ($1)`,
    [emailIds],
  )
  return rows.map(({ ms }) => Number(ms))
}

function waits(snapshots: Snapshot[], from: string, to: string): number[] {
  const at = ({ timeline }: Snapshot, status: string): number =>
    Date.parse(timeline.find((entry) => entry.status === status)?.at ?? '')
  return snapshots.map((snapshot) => at(snapshot, to) - at(snapshot, from))
}
