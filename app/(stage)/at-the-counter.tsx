'use client'

import { usePathname } from 'next/navigation'
import type { ReactNode } from 'react'

/** What is there where people sign up, until somebody has. */
export function AtTheCounter({ children }: { children: ReactNode }) {
  return usePathname() === '/' && children
}
