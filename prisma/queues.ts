import { setTimeout as sleep } from 'node:timers/promises'
import { createBoss, JOB_INDEX, QUEUES, type QueueName, SCHEDULES, type Schedule } from '../lib/queue'

/**
 * Creates pg-boss's schema, the queues and the schedules, or updates them. A schedule that left the list is deleted. A
 * queue that left it stays, because an older version may still add jobs to it.
 * @returns the names of the queues
 */
export async function createQueues(): Promise<string[]> {
  const boss = createBoss({ supervise: false, statementTimeoutMs: 0 })
  await boss.start()
  // Not CREATE INDEX IF NOT EXISTS: that locks the table before it looks, and then every signup waits behind it.
  const { rows } = await boss.getDb().executeSql(`SELECT to_regclass('pgboss.job_carries') AS index`)
  if (!rows[0].index)
    await boss.getDb().executeSql(`SET lock_timeout = '5s'; ${JOB_INDEX}; RESET lock_timeout`)
  // What pg-boss's migration has left for later, for example an index. Web servers and workers would not do it.
  while ((await boss.getBamStatus()).some(({ status }) => ['pending', 'in_progress'].includes(status)))
    await sleep(100)
  const names = sortQueues()
  for (const name of names) {
    const { deadLetter, partition, ...options } = QUEUES[name].options
    await boss.createQueue(name, { ...options, partition, ...(deadLetter && { deadLetter }) })
    // createQueue does not change an existing queue, and updateQueue rejects `partition`.
    await boss.updateQueue(name, { ...options, deadLetter })
  }
  // Workers create the queue of pg-boss's cron only at their start. Without it, a restored database has no sweep until then.
  await boss.createQueue('__pgboss__send-it')
  for (const [name, { cron, ...options }] of Object.entries<Schedule>(SCHEDULES))
    await boss.schedule(name, cron, {}, options)
  for (const { name, key } of await boss.getSchedules())
    if (key !== '' || !Object.hasOwn(SCHEDULES, name)) await boss.unschedule(name, key)
  await boss.stop()
  return names
}

/** All queues. A dead-letter queue comes before the queues that name it. */
function sortQueues(): QueueName[] {
  const sorted = new Set<QueueName>()
  const add = (name: QueueName): void => {
    const { deadLetter } = QUEUES[name].options
    if (deadLetter && !sorted.has(deadLetter as QueueName)) add(deadLetter as QueueName)
    sorted.add(name)
  }
  for (const name of Object.keys(QUEUES) as QueueName[]) add(name)
  return [...sorted]
}
