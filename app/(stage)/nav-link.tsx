'use client'

import Link from 'next/link'
import { usePathname } from 'next/navigation'

/** A link in the header that marks the present page. */
export function NavLink({ href, children }: { href: string; children: string }) {
  const pathname = usePathname()
  const within = pathname.startsWith(`${href}/`)
  return (
    <Link
      href={href}
      prefetch={false}
      aria-current={pathname === href ? 'page' : within || undefined}
      className="-my-2 py-2 underline-offset-4 hover:underline aria-[current]:font-semibold aria-[current]:underline aria-[current]:decoration-2"
    >
      {children}
    </Link>
  )
}
