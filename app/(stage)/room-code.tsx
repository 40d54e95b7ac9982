import { encode } from 'uqr'
import { env } from '@/lib/env'
import { isPresenter, isShared } from './_lib/presenter'
import { AtTheCounter } from './at-the-counter'

/** Invites the phones in the room. Shown beside the form, in the presenter's browser, in stage mode. */
export function RoomCode({ headers }: { headers: Headers }) {
  if (!isShared() || !isPresenter(headers)) return null
  return (
    <AtTheCounter>
      <aside aria-label="For your phone" className="room-code stage:block">
        <QrCode className="w-full" />
        <p className="mt-3 text-center font-mono text-[1.4rem] leading-tight font-semibold whitespace-nowrap">
          {env('APP_URL')}
        </p>
      </aside>
    </AtTheCounter>
  )
}

/** A QR code that opens the app. */
export function QrCode({ className }: { className: string }) {
  const url = env('APP_URL')
  // The quiet zone of four modules: without it, many phones do not detect the code.
  const { data, size } = encode(url, { ecc: 'M', border: 4 })
  return (
    <svg
      role="img"
      aria-label={`QR code that opens ${url}`}
      viewBox={`0 0 ${size} ${size}`}
      className={`sheet bg-sheet forced-color-adjust-none ${className}`}
    >
      <path d={data.map(drawRow).join('')} shapeRendering="crispEdges" fill="currentColor" />
    </svg>
  )
}

function drawRow(row: boolean[], y: number): string {
  return row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('')
}
