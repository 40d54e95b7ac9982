import { batchSizeLeft } from '@/lib/protection/hourly-limit'
import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'
import type { Job } from '../work'

/**
 * Sends an email, with others that wait, in one request. The jobs are completed when the batch is recorded. From then on
 * the job `retry-batch` sends the batch again until there is an outcome.
 * @throws {GiveUp} when the email does not exist
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  await deliver(job.signal, async () => gatherBatch('send-email', job, await batchSizeLeft()))
}
