'use client'

import { useRouter } from 'next/navigation'
import { useEffect } from 'react'

const EVERY_MS = 1_000
/** The time after which it stops, in ms. */
const PATIENCE_MS = 60_000

/** Refreshes the page until the trace is complete, because each process sends its spans with a delay. */
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
