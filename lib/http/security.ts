import { env } from '../env'

const dev = process.env.NODE_ENV === 'development'

/** Builds the Content-Security-Policy of a page. Mails and some figures need style attributes. */
export function toContentPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    // React's developer tools use eval.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${dev ? " 'unsafe-eval'" : ''}`,
    dev ? "style-src 'self' 'unsafe-inline'" : "style-src 'self'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** HSTS for a year, where APP_URL is https. */
export function transportHeaders(): Record<string, string> {
  if (!env('APP_URL').startsWith('https:')) return {}
  return { 'strict-transport-security': 'max-age=31536000' }
}
