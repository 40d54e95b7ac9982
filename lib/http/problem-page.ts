import { escapeHtml } from './escape-html'
import type { Problem } from './problem'

/** Renders a problem as a page without other files, because Next may have failed. */
export function toPage(problem: Problem): Response {
  const { title, extra } = problem
  const heading = escapeHtml(title)
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${heading}</title><style>${STYLE}</style></head>
<body><main><h1>${heading}</h1><p>${escapeHtml(extra.detail ?? '')}</p><p><a href="">Try again</a></p></main></body></html>`
  const { status, headers } = problem.toResponse()
  headers.set('content-type', 'text/html; charset=utf-8')
  headers.set(
    'content-security-policy',
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  )
  return new Response(html, { status, headers })
}

const STYLE = `:root { color-scheme: light dark; font: 1.25rem/1.5 system-ui } main { max-width: 34rem; margin: 20vh auto; padding: 0 1.5rem }
h1 { font-size: 2.5rem; line-height: 1.1; text-wrap: balance }`
