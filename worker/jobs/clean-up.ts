import { log } from '@/lib/log'
import { cleanUp } from '@/lib/ops/clean-up'
import { explainUnserved, readQueueState } from '@/lib/ops/queue-state'

/** Deletes what is older than it may be. pg-boss's cron has it done once an hour. */
export default async function cleanUpHourly(): Promise<void> {
  for (const [what, count] of await cleanUp()) log.info({ count }, `clean-up: ${what}`)
  await logUnserved()
}

/** Logs what waits in queues that no worker of this version takes. @throws when the database is unreachable */
export async function logUnserved(): Promise<void> {
  const { unserved } = await readQueueState()
  for (const sentences of explainUnserved(unserved)) log.warn(sentences.join(' '))
}
