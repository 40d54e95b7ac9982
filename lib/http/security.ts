import { env } from '../env'

const dev = process.env.NODE_ENV === 'development'

/**
 * What a page may load and run: what is ours, and of scripts only those that bear the nonce of this one answer. An
 * attribute may bring a style, no element can: mails and some figures need it.
 * https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
 */
export function toContentPolicy(nonce: string): string {
  return [
    "default-src 'self'",
    // What a script with the nonce loads is as good as itself. React's tools for developers use eval.
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

/** Where the app is reached by https, a browser that has been here once tries nothing else for a year. */
export function transportHeaders(): Record<string, string> {
  if (!env('APP_URL').startsWith('https:')) return {}
  return { 'strict-transport-security': 'max-age=31536000' }
}
