'use client'

import { useSandbox } from './sandbox'

/** Below the first headline: people hesitate to give their address to a demonstration. */
export function AnyAddress() {
  return (
    useSandbox().here && <span className="stage:hidden"> Any address will do: no real mail is sent.</span>
  )
}
