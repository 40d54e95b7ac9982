import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'
import type { Job } from '../work'

/** Sends an email with attachments, or one whose batch killed workers. @throws {GiveUp} when the email does not exist */
export default async function sendEmailAlone(job: Job<'send-email-alone'>): Promise<void> {
  await deliver(job.signal, () => gatherBatch('send-email-alone', job))
}
