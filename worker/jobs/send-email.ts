import { batchSizeLeft } from '@/lib/protection/hourly-limit'
import type { Job } from '@/lib/queue'
import { prepareBatch } from '@/lib/sending/prepare-batch'
import { deliverInBackground } from '../background'
import { deliver } from '../deliver'

/**
 * Sends an email and others that wait, in one request. Writing the batch completes their jobs, so this returns then, and the
 * request goes on in the background. If this worker dies, `retry-batch` takes over.
 * @throws {GiveUp} when the email does not exist
 */
export default async function sendEmail(job: Job<'send-email'>): Promise<void> {
  const prepare = async () => prepareBatch('send-email', job, await batchSizeLeft())
  await deliverInBackground((onWritten) => deliver(job.signal, prepare, { onWritten }))
}
