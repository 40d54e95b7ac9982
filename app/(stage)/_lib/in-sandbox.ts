/** True when mail goes to the local stand-in for Resend. Its key is no secret, and the real Resend refuses it. */
export function inSandbox(): boolean {
  return process.env.RESEND_API_KEY === 're_sandbox'
}
