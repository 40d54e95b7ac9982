/*
 * The worker while somebody works on it. Each start creates what is new in the list of queues; and what does not load,
 * because a file is not written yet, is told in a line: the next change starts it again.
 */
import { createQueues } from '../prisma/queues'

try {
  await createQueues()
  await import('../worker/index')
} catch (error) {
  console.error(`The worker does not start: ${(error as Error).message}`)
  console.error('It starts again when that is mended.')
  process.exit(1)
}
