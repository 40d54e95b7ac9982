import { hasTicketShare } from '@/lib/protection/hourly-limit'
import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'
import type { Job } from '../work'

/**
 * Sends a lost ticket alone, because a person waits for it. Its own hourly limit counts first, so it goes out while other mail
 * waits for the next hour. @throws {GiveUp} when the email does not exist
 */
export default async function sendTicket(job: Job<'send-ticket'>): Promise<void> {
  const share = (await hasTicketShare()) ? 'ticketMail' : 'mail'
  await deliver(job.signal, () => gatherBatch('send-ticket', job), share)
}
