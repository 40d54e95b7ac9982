import { createBoss, QUEUES } from '../lib/queue'

/**
 * Creates pg-boss's own schema and the queues, or brings them up to date. Safe to run again.
 * @returns the names of the queues
 * @throws when the database is unreachable
 */
export async function createQueues(): Promise<string[]> {
  const boss = createBoss({ supervise: false })
  await boss.start()
  for (const [name, { options }] of Object.entries(QUEUES)) {
    await boss.createQueue(name, options)
    // createQueue leaves an existing queue as it is.
    await boss.updateQueue(name, options)
  }
  await boss.stop()
  return Object.keys(QUEUES)
}
