import { log, reasonOf } from '@/lib/log'
import { traced } from '@/lib/telemetry'

/** Deliveries at the same time: Resend takes its time for each request. */
const MAX_DELIVERIES = 4

const LOST_OUTCOME = 'Cannot record the outcome of a batch: the job retry-batch sends it again'

const underWay = new Set<Promise<void>>()

/**
 * Starts a delivery, and returns when its batch is written, which completes its jobs. So one loop is enough: it fetches the next
 * batch while earlier requests are under way. With several loops, each would hold one mail, which then misses the batch.
 * @param deliver calls `onWritten` when the batch is written
 * @throws when the delivery fails before that. Later, it logs the error, and the job `retry-batch` sends the batch again.
 */
export async function deliverInBackground(deliver: (onWritten: () => void) => Promise<void>): Promise<void> {
  while (underWay.size >= MAX_DELIVERIES) await Promise.race(underWay)
  await new Promise<void>((resolve, reject) => {
    let isWritten = false
    const onWritten = (): void => {
      isWritten = true
      resolve()
    }
    const handleError = (error: Error): void => {
      if (isWritten) log.error({ reason: reasonOf(error) }, LOST_OUTCOME)
      else reject(error)
    }
    // A span of its own, because that of the job ends when this returns.
    const delivery = traced('deliver a batch', () => deliver(onWritten))
      .then(resolve, handleError)
      .finally(() => underWay.delete(delivery))
    underWay.add(delivery)
  })
}

/** Waits for the deliveries under way. */
export async function waitForDeliveries(): Promise<void> {
  await Promise.all(underWay)
}
