import type { Job } from '@/lib/queue'
import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'

/**
 * Sends an email over which several workers have died, or that was beside such a one: without any other, so that no
 * neighbour pays for it.
 * @throws {GiveUp} when there is no such email
 */
export default async function sendEmailAlone(job: Job<'send-email-alone'>): Promise<void> {
  await deliver(job.signal, () => gatherBatch('send-email-alone', job))
}
