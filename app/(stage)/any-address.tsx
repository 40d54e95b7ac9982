import { inSandbox } from '@/lib/env'

/** Below the first headline: people hesitate to give their address to a demonstration. */
export function AnyAddress() {
  return inSandbox() && <span className="stage:hidden"> Any address will do: no real mail is sent.</span>
}
