'use client'

import './globals.css'

/** Shown when the layout itself failed, so it has a document of its own. */
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
