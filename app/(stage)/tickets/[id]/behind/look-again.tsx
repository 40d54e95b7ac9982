'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'

const EVERY_MS = 1_000
/** What has not come by then, in ms, does not come. */
const PATIENCE_MS = 60_000

/** Asks for the page again, until all of the trace is there: processes send their part when they find the time. */
export function LookAgain({ done }: { done: boolean }) {
  const router = useRouter()
  useEffect(() => {
    if (done) return
    const looking = setInterval(() => router.refresh(), EVERY_MS)
    const end = setTimeout(() => clearInterval(looking), PATIENCE_MS)
    return () => {
      clearInterval(looking)
      clearTimeout(end)
    }
  }, [done, router])
  return null
}
