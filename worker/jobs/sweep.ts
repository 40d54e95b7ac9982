import { sweep } from '@/lib/ops/sweep'
import { deleteFailedJobs } from '@/lib/queue'

export default async function sweepEveryMinute(): Promise<void> {
  await sweep()
  await deleteFailedJobs('sweep')
}
