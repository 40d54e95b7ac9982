const SIGNALS = ['SIGTERM', 'SIGINT'] as const

// In a container, the kernel ignores signals to PID 1 without a handler.
const quit = (): never => process.exit(143)
for (const name of SIGNALS) process.on(name, quit)

const controller = new AbortController()

/** Aborts when this worker must stop. Long jobs listen to it, and another worker resumes them. */
export const stopping = controller.signal

export function waitForStopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const name of SIGNALS) {
      process.off(name, quit).on(name, () => {
        controller.abort(new Error('The worker stops'))
        resolve(name)
      })
    }
  })
}
