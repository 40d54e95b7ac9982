import { hasTicketShare } from '@/lib/protection/hourly-limit'
import { gatherBatch } from '@/lib/sending/gather'
import { deliver } from '../deliver'
import type { Job } from '../work'

/**
 * Sends a lost ticket, alone and ahead of all other mail: a person waits for it. It has a share of its own of an hour's
 * mails, so it goes out even when the others have to wait for the next hour.
 * @throws {GiveUp} when there is no such email
 */
export default async function sendTicket(job: Job<'send-ticket'>): Promise<void> {
  const share = (await hasTicketShare()) ? 'ticketMail' : 'mail'
  await deliver(job.signal, () => gatherBatch('send-ticket', job), share)
}
