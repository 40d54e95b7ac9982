'use client'

import { createContext, useContext } from 'react'

type Sandbox = {
  /** Whether mail goes to the local stand-in for Resend. */
  here: boolean
  /** Whether this browser may use the sandbox's pages. */
  open: boolean
}

/** Set by the layout, from the server's environment and the browser's cookie. */
export const SandboxContext = createContext<Sandbox>({ here: false, open: false })

export function useSandbox(): Sandbox {
  return useContext(SandboxContext)
}
