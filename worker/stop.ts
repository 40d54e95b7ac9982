const controller = new AbortController()

/** Aborts when this worker is asked to stop. A short job may finish; a long one leaves the rest to another worker. */
export const stopping = controller.signal

/** Aborts when the worker is asked to stop, and with the other signal. */
export const untilStopped = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, stopping])

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
