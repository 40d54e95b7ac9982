'use client'

import { usePathname } from 'next/navigation'
import { useEffect } from 'react'

/**
 * Loads the page of an entry that the browser itself wrote, after a link such as `#main`. Next ignores Back to such an entry:
 * https://github.com/vercel/next.js/issues/75072
 */
export function ReloadOnBack() {
  const pathname = usePathname()
  useEffect(() => {
    const reload = ({ state }: PopStateEvent): void => {
      if (state === null && window.location.pathname !== pathname) window.location.reload()
    }
    window.addEventListener('popstate', reload)
    return () => window.removeEventListener('popstate', reload)
  }, [pathname])
  return null
}
