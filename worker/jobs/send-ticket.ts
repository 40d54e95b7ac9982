import { hasTicketShare } from '@/lib/protection/hourly-limit'
import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'
import type { Job } from '../work'

/** Sends a lost ticket alone. It has an hourly limit of its own, before that of all mail. @throws {GiveUp} without the email */
export default async function sendTicket(job: Job<'send-ticket'>): Promise<void> {
  const share = (await hasTicketShare()) ? 'ticketMail' : 'mail'
  await deliver(job.signal, () => gatherBatch('send-ticket', job), share)
}
