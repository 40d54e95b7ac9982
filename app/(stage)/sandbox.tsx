'use client'

import { createContext, useContext } from 'react'

/** Whether the mail goes to the local stand-in for Resend. The layout says so, by the environment of the server. */
export const SandboxContext = createContext(false)

export function useSandbox(): boolean {
  return useContext(SandboxContext)
}
