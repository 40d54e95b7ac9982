const SIGNALS = ['SIGTERM', 'SIGINT'] as const

// The first process of a container is not ended by a signal that it does not listen to: not while it starts, either.
const quit = (): never => process.exit(143)
for (const name of SIGNALS) process.on(name, quit)

const controller = new AbortController()

/** Aborts when this worker is asked to stop. A short job may finish; a long one leaves the rest to another worker. */
export const stopping = controller.signal

/** Waits until this worker is asked to stop, and returns the name of the signal. */
export function untilAskedToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of SIGNALS) {
      process.off(name, quit).on(name, () => {
        controller.abort(new Error('The worker stops'))
        resolve(name)
      })
    }
  })
}
