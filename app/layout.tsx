import type { Metadata, Viewport } from 'next'
import { connection } from 'next/server'
import type { ReactNode } from 'react'
import { env, inSandbox } from '@/lib/env'
import { StageMode } from './(stage)/stage-mode'
import { Shell } from './components/shell'
import { SITE } from './components/site'
import './globals.css'

export async function generateMetadata(): Promise<Metadata> {
  // As below: the address is that of the running server.
  await connection()
  return {
    metadataBase: new URL(env('APP_URL')),
    title: { default: SITE.name, template: `%s · ${SITE.name}` },
    description: SITE.description,
    // Relative to each page: its own address, without the question mark and what follows.
    alternates: { canonical: './' },
    openGraph: { type: 'website', siteName: SITE.name, url: './', images: SITE.picture },
    twitter: { card: 'summary_large_image' },
  }
}

export const viewport: Viewport = {
  colorScheme: SITE.colorScheme,
  themeColor: [...SITE.themeColor],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  // The environment is that of the running server, not of the machine that built the pages.
  await connection()

  return (
    // The stage mode marks the document before React sees it.
    <html lang="en" suppressHydrationWarning>
      <body>
        <StageMode />
        <Shell sandbox={inSandbox()}>{children}</Shell>
      </body>
    </html>
  )
}
