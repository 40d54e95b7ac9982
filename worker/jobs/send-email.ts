import { batchSizeLeft } from '@/lib/protection/hourly-limit'
import type { Job } from '@/lib/queue'
import { prepareBatch } from '@/lib/sending/prepare-batch'
import { deliverInBackground, waitForFreeDelivery } from '../background'
import { prepareDelivery } from '../deliver'

/**
 * Sends an email and others that wait, in one request. The transaction that writes the batch completes their jobs, so this returns
 * before the request ends. Each worker runs one of these jobs at a time (`CONCURRENCY` in work.ts): several would each hold a
 * mail, which then misses the batch.
 * @throws {GiveUp} when the email does not exist
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  await waitForFreeDelivery()
  const prepare = async () => prepareBatch('send-email', job, await batchSizeLeft())
  const delivery = await prepareDelivery(job.signal, prepare)
  if (delivery) deliverInBackground(delivery)
}
