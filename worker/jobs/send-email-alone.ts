import type { Job } from '@/lib/queue'
import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'

/**
 * Sends a single email after several workers died while rendering its batch, so that a poison pill affects no other mail.
 * @throws {GiveUp} when the email does not exist
 */
export default async function sendEmailAlone(job: Job<'send-email-alone'>): Promise<void> {
  await deliver(job.signal, () => gatherBatch('send-email-alone', job))
}
