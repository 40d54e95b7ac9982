import { useRouter } from 'next/navigation'
import { type CSSProperties, type MouseEvent, useEffect, useRef } from 'react'
import type { Backstage } from '@/app/(stage)/_lib/backstage'
import { type Inks, keepSharp } from '@/app/(stage)/_lib/canvas'
import { useSandbox } from '@/app/(stage)/sandbox'
import type { Crowd } from './crowd'
import { Desks } from './desks'
import { drawCrowd } from './draw'
import { Gate } from './gate'
import { type Area, type Areas, deskAt } from './places'
import { useDesks } from './use-desks'

const STATIONS = ['User signs up', 'Instant reply', 'Queue', 'Worker', 'Done']

/** All measures are px at a type size of 16 px, and grow with it. This is the room for mails that were given up. */
const BELOW = 44
const COUNTER = 10
/** The parts of a desk that no dot may cover. */
const DESK = { name: 40, edge: 12 }
/** The width and the height of the way through the gate. */
const WAY = 80

export const COLUMNS =
  'grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_minmax(0,1.5fr)_minmax(0,1.45fr)_minmax(0,1.35fr)] gap-x-3 sm:gap-x-5'

type Props = {
  crowd: Crowd
  workers: string[] | undefined
  paused: Backstage['paused'] | undefined
  /** True when nothing has happened for a minute. */
  idle: boolean
}

/** The path of the article as a picture. The text and the numbers below say the same to screen readers. */
export function Picture({ crowd, workers, paused, idle }: Props) {
  const canvasRef = useRef<HTMLCanvasElement>(null)
  const stationsRef = useRef<HTMLOListElement>(null)
  const desks = useDesks(workers, crowd)
  const names = desks.map(({ name }) => name).join()
  const namesRef = useRef('')
  const router = useRouter()
  const { open } = useSandbox()

  function findDot({ currentTarget, clientX, clientY }: MouseEvent): string | undefined {
    const { left, top } = currentTarget.getBoundingClientRect()
    return crowd.findAt((clientX - left) / readScale(), (clientY - top) / readScale())
  }

  function follow(id: string | undefined): void {
    if (id) router.push(`/tickets/${id}/behind`)
  }

  useEffect(() => {
    const canvas = canvasRef.current
    const stations = stationsRef.current
    const context = canvas?.getContext('2d')
    if (!canvas || !stations || !context) return
    return animate(crowd, canvas, context, () => measureAreas(canvas, stations, namesRef.current.split(',')))
  }, [crowd])

  useEffect(() => {
    namesRef.current = names
    if (canvasRef.current && stationsRef.current)
      crowd.setAreas(measureAreas(canvasRef.current, stationsRef.current, names.split(',')))
  }, [crowd, names])

  return (
    <div>
      <ol
        ref={stationsRef}
        className={`${COLUMNS} text-xs leading-tight font-semibold min-[22.5rem]:text-sm sm:text-xl lg:text-2xl`}
      >
        {STATIONS.map((station) => (
          <li key={station} className="text-balance">
            {station}
          </li>
        ))}
      </ol>
      <div className="relative mt-1 h-56 sm:h-64 lg:h-[clamp(12rem,27dvh,26rem)] stage:h-[50dvh]">
        <div
          aria-hidden
          className="absolute inset-x-0 rounded-full bg-ink dark:bg-line"
          style={{ bottom: rem(BELOW), height: rem(COUNTER) }}
        />
        <div
          aria-hidden
          className={`${COLUMNS} absolute inset-x-0 top-0`}
          style={{ bottom: rem(BELOW + COUNTER) }}
        >
          <Desks desks={desks} deserted={workers?.length === 0} />
          <Gate paused={paused} way={rem(WAY)} />
        </div>
        {idle && <GhostRun />}
        {/* By keyboard, the list of jobs leads to the same pages. */}
        <canvas
          ref={canvasRef}
          aria-hidden
          onClick={(event) => open && follow(findDot(event))}
          onPointerMove={(event) => {
            event.currentTarget.style.cursor = open && findDot(event) ? 'pointer' : ''
          }}
          className="absolute inset-0 size-full"
        />
      </div>
    </div>
  )
}

/** Shows the way of a job while there is none. */
function GhostRun() {
  return (
    <div
      aria-hidden
      className={`${COLUMNS} absolute inset-x-0 items-end justify-items-center`}
      style={{ bottom: rem(BELOW + COUNTER + 16) }}
    >
      {STATIONS.map((station, index) => (
        <span key={station} className="ghost-dot" style={{ '--at': `${1.4 * index}s` } as CSSProperties} />
      ))}
    </div>
  )
}

const rem = (px: number): string => `${px / 16}rem`

/** The type size of the page, relative to 16 px. */
function readScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16
}

function measureAreas(canvas: HTMLCanvasElement, stations: HTMLOListElement, workers: string[]): Areas {
  const scale = readScale()
  const { left, height: canvasHeight } = canvas.getBoundingClientRect()
  const height = canvasHeight / scale
  const counter = height - BELOW - COUNTER - 2
  const areas = [...stations.children].map((station): Area => {
    const box = station.getBoundingClientRect()
    return { x: (box.left - left) / scale, y: 0, width: box.width / scale, height: counter, from: 'left' }
  })
  const [signup, reply, queue, worker, done] = areas as [Area, Area, Area, Area, Area]
  const gap = done.x - worker.x - worker.width
  const gate: Area = {
    ...{ x: done.x - (gap + WAY) / 2, y: (counter - WAY) / 2 },
    ...{ width: WAY, height: WAY, from: 'left' },
  }
  // Above its number, which is in the right half.
  const half = worker.width / 2
  const givenUp: Area = {
    ...worker,
    x: worker.x + half,
    y: height - BELOW + 6,
    width: half,
    height: BELOW - 10,
  }
  const desks = workers.map((name, index): [string, Area] => {
    const desk = deskAt(index, workers.length)
    const area = {
      x: worker.x + desk.x * worker.width + DESK.edge,
      y: desk.y * counter + DESK.name,
      width: desk.width * worker.width - 2 * DESK.edge,
      height: desk.height * counter - DESK.name - DESK.edge,
    }
    return [name, { ...area, from: 'left' }]
  })
  // The next job in the queue is the one nearest to the worker.
  return {
    ...{ signup, reply, worker, gate, done, givenUp },
    queue: { ...queue, from: 'right' },
    desks: new Map(desks),
  }
}

/** Draws after each change, until the returned function is called. */
function animate(
  crowd: Crowd,
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  measure: () => Areas,
): () => void {
  const still = window.matchMedia('(prefers-reduced-motion: reduce)')
  let inks: Inks
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let last: number | undefined

  function draw(now: number): void {
    frame = 0
    // A hidden tab does not catch up.
    const ms = Math.min(now - (last ?? now - 16), 50)
    const busy = still.matches ? crowd.jump(now) : crowd.step(ms, now)
    context.clearRect(0, 0, canvas.width, canvas.height)
    drawCrowd(context, crowd, inks)
    last = busy ? now : undefined
    if (busy && !still.matches) wake()
    if (busy && still.matches) timer = setTimeout(wake, 1_000)
  }

  function wake(): void {
    clearTimeout(timer)
    if (inks) frame ||= requestAnimationFrame(draw)
  }

  crowd.onChange = wake
  const stop = keepSharp(canvas, readScale, (next) => {
    inks = next
    crowd.setAreas(measure())
    // A resized canvas is empty, so this draws at once and does not wait for the next frame.
    cancelAnimationFrame(frame)
    draw(performance.now())
  })
  return () => {
    stop()
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    crowd.onChange = () => {}
  }
}
