import type { ReactNode } from 'react'

/** A warning sign in the picture. */
export function Sign({ className, children }: { className: string; children: ReactNode }) {
  return (
    <p
      className={`absolute z-10 border-4 border-bad bg-paper px-1 py-1 text-xs leading-tight font-semibold text-balance sm:px-3 sm:py-2 sm:text-2xl motion-safe:transition-all motion-safe:duration-300 starting:-translate-y-4 starting:opacity-0 ${className}`}
    >
      {children}
    </p>
  )
}
