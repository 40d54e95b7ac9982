import { createBoss, QUEUES, SCHEDULES } from '../lib/queue'

/**
 * Creates pg-boss's own schema, the queues and what is to be done regularly, or brings them up to date. Safe to run again.
 * @returns the names of the queues
 * @throws when the database is unreachable
 */
export async function createQueues(): Promise<string[]> {
  const boss = createBoss({ supervise: false, patienceMs: 0 })
  await boss.start()
  for (const [name, { options }] of Object.entries(QUEUES)) {
    await boss.createQueue(name, options)
    // createQueue leaves an existing queue as it is.
    await boss.updateQueue(name, options)
  }
  for (const [name, cron] of Object.entries(SCHEDULES)) await boss.schedule(name, cron, {})
  await boss.stop()
  return Object.keys(QUEUES)
}
