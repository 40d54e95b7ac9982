/*
 * The worker during development. Each start creates new queues. If a file does not load, one line says why, and the next
 * change starts the worker again.
 */
import { createQueues } from '../prisma/queues'

try {
  await createQueues()
  await import('../worker/index')
} catch (error) {
  console.error(`The worker does not start: ${(error as Error).message}`)
  console.error('It starts again when a file changes.')
  process.exit(1)
}
