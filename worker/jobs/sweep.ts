import { sweep } from '@/lib/ops/sweep'

/** Enqueues jobs for rows that have lost theirs. */
export default async function sweepEveryMinute(): Promise<void> {
  await sweep()
}
