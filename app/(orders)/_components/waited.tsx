import { formatDuration } from '@/app/components/site/figures'

/** How long the answer took, in the words of the ticket. */
export function Waited({ ms }: { ms: number | undefined }) {
  if (ms === undefined) return null
  return (
    <p className="mt-3 font-mono text-lg">
      Ordered! You waited <strong className="font-semibold">{formatDuration(ms)}</strong>
    </p>
  )
}
