import { log } from '@/lib/log'

/*
 * What nobody has caught ends the worker: who knows what state it is in. One line of the log says why, and the supervisor
 * starts another one. Imported before all that may fail.
 */
process.on('uncaughtException', (error, origin) => {
  log.fatal({ err: error }, `The worker ends: ${origin}`)
  // A pipe takes the line first.
  process.stdout.write('', () => process.exit(1))
})
