import { batchSizeLeft } from '@/lib/protection/hourly-limit'
import { gatherBatch } from '@/lib/sending/gather'
import { deliverInBackground } from '../background'
import { deliver } from '../deliver'
import type { Job } from '../work'

/**
 * Sends an email and others that wait, in one request. Writing the batch completes their jobs: from then on, `retry-batch`
 * sends it again until there is an outcome. @throws {GiveUp} when the email does not exist
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  const gather = async () => gatherBatch('send-email', job, await batchSizeLeft())
  await deliverInBackground((onWritten) => deliver(job.signal, gather, 'mail', onWritten))
}
