import { deliver } from '../deliver'
import { gatherBatch } from '../gather'
import type { Job } from '../work'

/**
 * Sends an email, and in the same request what else waits when our turn comes. The jobs are done when the batch is
 * written down: from then on it is the batch that is sent, and again until there is an answer, whoever dies.
 * @throws {GiveUp} when there is no such email
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  await deliver(job.signal, () => gatherBatch('send-email', job))
}
