import { hasLostTicketsLeft } from '@/lib/protection/hourly-limit'
import type { Job } from '@/lib/queue'
import { prepareBatch } from '@/lib/sending/prepare-batch'
import { deliver, prepareDelivery } from '../deliver'

/**
 * Sends a lost ticket alone. It counts against an hourly limit of its own. When that is full, it counts against that of all mail.
 * @throws {GiveUp} when the email does not exist
 */
export default async function sendTicket(job: Job<'send-ticket'>): Promise<void> {
  const hourlyLimit = (await hasLostTicketsLeft()) ? 'lostTicketMail' : 'mail'
  const delivery = await prepareDelivery(job.signal, () => prepareBatch('send-ticket', job), hourlyLimit)
  if (delivery) await deliver(delivery)
}
