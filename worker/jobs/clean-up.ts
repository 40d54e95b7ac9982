import { cleanUp } from '@/lib/clean-up'

/** Deletes what is older than it may be. pg-boss's cron has it done once an hour. */
export default async function cleanUpHourly(): Promise<void> {
  for (const [what, count] of await cleanUp()) console.log(`clean-up: ${what}, ${count}`)
}
