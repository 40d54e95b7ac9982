import { sweep } from '@/lib/ops/sweep'

export default async function sweepEveryMinute(): Promise<void> {
  await sweep()
}
