import { log } from '@/lib/log'

// The state of the process is unknown after an uncaught error. Its supervisor restarts it.
process.on('uncaughtException', (error, origin) => {
  log.fatal({ err: error }, `The worker ends: ${origin}`)
  // After the log line was written to the pipe, or when its reader stands still.
  process.stdout.write('', () => process.exit(1))
  setTimeout(() => process.exit(1), 1_000)
})
