import type { Job } from '@/lib/queue'
import { prepareBatch } from '@/lib/sending/prepare-batch'
import { deliver, prepareDelivery } from '../deliver'

/** Sends an email with attachments, or one whose batch killed workers. @throws {GiveUp} when the email does not exist */
export default async function sendEmailAlone(job: Job<'send-email-alone'>): Promise<void> {
  const delivery = await prepareDelivery(job.signal, () => prepareBatch('send-email-alone', job))
  if (delivery) await deliver(delivery)
}
