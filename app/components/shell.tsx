import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import type { ReactNode } from 'react'
import { SiteHeader } from './site-header'

/** What surrounds every page. */
export function Shell({ sandbox, children }: { sandbox: boolean; children: ReactNode }) {
  return (
    <div
      className={`${GeistSans.variable} ${GeistMono.variable} flex min-h-dvh flex-col font-sans antialiased`}
    >
      <a
        href="#main"
        className="sr-only z-10 bg-ink px-4 py-3 text-paper focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:px-4 focus:py-3"
      >
        Skip to the content
      </a>
      <SiteHeader sandbox={sandbox} />
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-304 flex-1 px-5 pt-4 pb-20 outline-none sm:px-10 stage:pt-2 stage:pb-4"
      >
        {children}
      </main>
    </div>
  )
}
