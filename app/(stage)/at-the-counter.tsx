'use client'

import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'

/** Shown at the counter before the first signup. */
export function AtTheCounter({ children }: { children: ReactNode }) {
  return usePathname() === '/' && children
}
