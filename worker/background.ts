import { toLogFields } from '@/lib/db/prisma'
import { log } from '@/lib/log'
import { traced } from '@/lib/telemetry'
import { type Delivery, deliver } from './deliver'

/** Requests to Resend at the same time, because Resend takes its time for each. */
const MAX_DELIVERIES = 4

const LOST_OUTCOME = 'Cannot record the outcome of a batch: the job retry-batch sends it again'

const underWay = new Set<Promise<void>>()

/** Waits while four deliveries are under way. */
export async function waitForFreeDelivery(): Promise<void> {
  while (underWay.size >= MAX_DELIVERIES) await Promise.race(underWay)
}

/** Starts a delivery, and logs its error: the job `retry-batch` then sends the batch again. */
export function deliverInBackground(delivery: Delivery): void {
  // A span of its own, because that of the job ends earlier.
  const done = traced('deliver a batch', () => deliver(delivery))
    .catch((error) => log.error(toLogFields(error), LOST_OUTCOME))
    .finally(() => underWay.delete(done))
  underWay.add(done)
}

/** Waits for the deliveries under way. */
export async function waitForDeliveries(): Promise<void> {
  await Promise.all(underWay)
}
