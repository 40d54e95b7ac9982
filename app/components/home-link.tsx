import Link from 'next/link'
import type { ReactNode } from 'react'

/** A link to `/`, which is in pages/: the App Router can go there, but would prefetch it in vain. */
export function HomeLink({ className, children }: { className: string; children: ReactNode }) {
  return (
    <Link href="/" prefetch={false} className={className}>
      {children}
    </Link>
  )
}
