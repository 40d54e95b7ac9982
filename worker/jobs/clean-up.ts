import { cleanUp } from '@/lib/clean-up'
import { log } from '@/lib/log'

/** Deletes what is older than it may be. pg-boss's cron has it done once an hour. */
export default async function cleanUpHourly(): Promise<void> {
  for (const [what, count] of await cleanUp()) log.info({ count }, `clean-up: ${what}`)
}
