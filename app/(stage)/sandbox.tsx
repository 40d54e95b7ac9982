'use client'

import { createContext, useContext } from 'react'

type Sandbox = {
  /** Whether the mail goes to the local stand-in for Resend. */
  here: boolean
  /** Whether this browser may see what is kept there. */
  open: boolean
}

/** The layout says it, by the environment of the server and by the browser that asks. */
export const SandboxContext = createContext<Sandbox>({ here: false, open: false })

export function useSandbox(): Sandbox {
  return useContext(SandboxContext)
}
