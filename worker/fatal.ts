import { log } from '@/lib/log'

// An uncaught error leaves the process in an unknown state, so the worker ends and its supervisor restarts it.
process.on('uncaughtException', (error, origin) => {
  log.fatal({ err: error }, `The worker ends: ${origin}`)
  // Exits after the log line has been written to a pipe.
  process.stdout.write('', () => process.exit(1))
})
