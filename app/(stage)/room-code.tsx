import { encode } from 'uqr'
import { env } from '@/lib/env'
import { isPresenter, isShared } from './_lib/presenter'
import { AtTheCounter } from './at-the-counter'

/** The way into the app for the phones in the room: on stage, beside the form, for the presenter's projector. */
export function RoomCode({ headers }: { headers: Headers }) {
  if (!isShared() || !isPresenter(headers)) return null
  const url = env('APP_URL')
  // Four modules of paper around it: without them, many phones don't see it.
  const { data, size } = encode(url, { ecc: 'M', border: 4 })
  return (
    <AtTheCounter>
      <aside aria-label="For your phone" className="room-code stage:block">
        <svg
          role="img"
          aria-label={`QR code that opens ${url}`}
          viewBox={`0 0 ${size} ${size}`}
          className="sheet w-full bg-sheet"
        >
          <path d={data.map(drawRow).join('')} shapeRendering="crispEdges" fill="currentColor" />
        </svg>
        <p className="mt-3 text-center font-mono text-[1.4rem] leading-tight font-semibold whitespace-nowrap">
          {url}
        </p>
      </aside>
    </AtTheCounter>
  )
}

function drawRow(row: boolean[], y: number): string {
  return row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('')
}
