/** How to start a worker: arguments for Node. */
export const WORKER = ['--import', 'tsx', 'worker/index.ts']

/** One that starts again at each change. A handler that is about to be written is not known yet: hence the folder. */
export const DEV_WORKER = [
  'node_modules/tsx/dist/cli.mjs',
  ...['watch', '--clear-screen=false', '--include=worker/**/*.ts'],
  'sandbox/dev-worker.ts',
]
