import { log } from '@/lib/log'
import { cleanUp } from '@/lib/ops/clean-up'
import { explainUnserved, readQueueState } from '@/lib/ops/queue-state'

export default async function cleanUpHourly(): Promise<void> {
  for (const [what, count] of await cleanUp()) log.info({ count }, `clean-up: ${what}`)
  await logUnserved()
}

/** Warns about jobs in queues that are not in lib/queue.ts. @throws when the database is unreachable */
export async function logUnserved(): Promise<void> {
  const { unserved } = await readQueueState()
  for (const sentences of explainUnserved(unserved)) log.warn(sentences.join(' '))
}
