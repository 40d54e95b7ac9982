import { batchSizeLeft } from '@/lib/protection/hourly-limit'
import type { Job } from '@/lib/queue'
import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'

/**
 * Sends an email, and in the same request what else waits when our turn comes. The jobs are done when the batch is
 * written down: from then on it is the batch that is sent, and again until there is an answer, whoever dies.
 * @throws {GiveUp} when there is no such email
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  await deliver(job.signal, async () => gatherBatch('send-email', job, await batchSizeLeft()))
}
