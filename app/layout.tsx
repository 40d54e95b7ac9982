import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import type { Metadata, Viewport } from 'next'
import { connection } from 'next/server'
import type { ReactNode } from 'react'
import { env } from '@/lib/env'
import { Stage } from './(stage)/stage' // stage
import { SITE } from './components/site/name'
import { ReloadOnBack } from './components/site/reload-on-back'
import { SiteFooter } from './components/site/site-footer'
import { SiteHeader } from './components/site/site-header'
import './globals.css'

export async function generateMetadata(): Promise<Metadata> {
  // APP_URL is the running server's, and not the build machine's. The same holds below.
  await connection()
  return {
    metadataBase: new URL(env('APP_URL')),
    title: { default: SITE, template: `%s · ${SITE}` },
    description:
      'A signup that answers at once, and a welcome email that follows. Watch a background job at work.',
    // Relative to each page: its own URL without the query.
    alternates: { canonical: './' },
    openGraph: { type: 'website', siteName: SITE, url: './' },
    twitter: { card: 'summary_large_image' },
  }
}

export const viewport: Viewport = {
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f3eb' },
    { media: '(prefers-color-scheme: dark)', color: '#130e0b' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  await connection()

  let page = (
    <>
      <a
        href="#main"
        className="sr-only z-10 bg-ink px-4 py-3 text-paper focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:px-4 focus:py-3"
      >
        Skip to the content
      </a>
      <SiteHeader />
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-304 flex-1 px-5 pt-4 pb-20 outline-none sm:px-10"
      >
        {children}
      </main>
      <SiteFooter />
      <ReloadOnBack />
    </>
  )
  page = <Stage>{page}</Stage> // stage

  return (
    <html
      lang="en"
      className={`${GeistSans.variable} ${GeistMono.variable}`}
      suppressHydrationWarning // stage
    >
      <body className="flex min-h-dvh flex-col antialiased">{page}</body>
    </html>
  )
}
