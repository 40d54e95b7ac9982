'use client'

import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'

/** Shown on `/` only. */
export function AtTheCounter({ children }: { children: ReactNode }) {
  return usePathname() === '/' && children
}
