import { sweep } from '@/lib/ops/sweep'

/** Finds what waits without a job, and gives it one. pg-boss's cron enqueues this every minute. */
export default async function sweepEveryMinute(): Promise<void> {
  await sweep()
}
