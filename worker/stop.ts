const controller = new AbortController()

/** Aborts when this worker is asked to stop. A short job may finish; a long one leaves the rest to another worker. */
export const stopping = controller.signal

/** Waits until this worker is asked to stop, and returns the name of the signal. */
export function untilAskedToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT']) {
      process.on(name, () => {
        controller.abort(new Error('The worker stops'))
        resolve(name)
      })
    }
  })
}
