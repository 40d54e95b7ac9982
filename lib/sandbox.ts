import { env } from './env'

/**
 * True when mail goes to the local stand-in for Resend. Its key is no secret, so the key alone opens nothing: the mail
 * must stay on this computer.
 */
export function inSandbox(): boolean {
  return env('RESEND_API_KEY') === 're_sandbox' && isLoopback(env('RESEND_BASE_URL'))
}

function isLoopback(url: string | undefined): boolean {
  return url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
}
