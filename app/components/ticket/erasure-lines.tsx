import type { Erasure } from '@/lib/status/status'
import { ERASURE } from './words'

/** The last lines of a ticket whose owner asked to be erased. */
export function ErasureLines({ erasure, erased }: { erasure: Erasure | undefined; erased: boolean }) {
  if (!erasure && !erased) return null
  return (
    <>
      <Line what="erase me" how={ERASURE.requested.line} />
      {erasure === 'waiting' && <Line what="a mail" how={ERASURE.waiting.line} />}
    </>
  )
}

function Line({ what, how }: { what: string; how: string }) {
  return (
    <li className="flex gap-2 whitespace-nowrap motion-safe:animate-print">
      <span className="font-semibold">{what}</span>
      <span aria-hidden className="leader mb-1.5 flex-1 text-muted" />
      <span>{how}</span>
    </li>
  )
}
