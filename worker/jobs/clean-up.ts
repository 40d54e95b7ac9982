import { log } from '@/lib/log'
import { cleanUp } from '@/lib/ops/clean-up'
import { logUnserved } from '@/lib/ops/queue-state'
import { deleteFailedJobs } from '@/lib/queue'

export default async function cleanUpHourly(): Promise<void> {
  for (const [what, count] of await cleanUp()) log.info({ count }, `clean-up: ${what}`)
  await logUnserved()
  await deleteFailedJobs('clean-up')
}
