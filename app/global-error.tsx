'use client'

import './globals.css'

/** The last resort, when even the layout failed: it brings its own document. */
export default function GlobalError({ retry }: { retry: () => void }) {
  return (
    <html lang="en">
      <body className="grid min-h-dvh place-content-center gap-6 p-6 font-[system-ui]">
        <title>Something went wrong</title>
        <h1 className="text-5xl font-bold tracking-tight">Something went wrong.</h1>
        <button type="button" onClick={() => retry()} className="button">
          Try again
        </button>
      </body>
    </html>
  )
}
