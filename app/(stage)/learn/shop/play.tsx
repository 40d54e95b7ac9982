'use client'

import { useEffect, useRef, useState } from 'react'
import { useSandbox } from '@/app/(stage)/sandbox'
import { formatDuration } from '@/app/components/site/figures'
import { CHAPTERS, CLOSED, STOPPED, toCaption } from './chapters'
import { Later, Press, Slider, Switch } from './controls'
import { Picture } from './picture'
import { Replay } from './replay'
import type { Scene } from './scene'
import { useShop } from './use-shop'
import { useVisible } from './use-visible'

/** A rush: the number of people, and the ms between them. */
const RUSH = { count: 60, every: 50 }
/** Half a minute for eight workers with batches: time to order, to see the wait, and to tick the switch. */
const LETTERS = 30_000
const BATCH = 100
/** The shortest time for which a line is shown, in ms. */
const DWELL_MS = 1_500

/** The chapter in which each control appears, together with the problem that it solves. */
const SHOWS = { workers: 1, close: 1, batches: 3, letters: 4, priority: 5 }

export function Play() {
  const [round, setRound] = useState(1)
  return <Round key={round} again={round > 1} onAgain={() => setRound(round + 1)} />
}

function Round({ again, onAgain }: { again: boolean; onAgain: () => void }) {
  const figureRef = useRef<HTMLElement>(null)
  const drawRef = useRef<(scene: Scene) => void>(() => {})
  const [chapter, setChapter] = useState({ number: 0, since: 0 })
  const [hired, setHired] = useState(1)
  const [closed, setClosed] = useState(false)
  const { open: sandbox } = useSandbox()

  const visible = useVisible(figureRef)
  const { scene, orders, order, change } = useShop(visible && !closed, drawRef)
  const { shop } = scene
  const stopped = shop.workers === 0

  useEffect(() => {
    const isOver = CHAPTERS[chapter.number]?.until(scene) && scene.now - chapter.since >= DWELL_MS
    if (isOver) setChapter({ number: chapter.number + 1, since: scene.now })
  })

  // A new round removes the focused button “Open again”.
  useEffect(() => {
    if (again) figureRef.current?.querySelector('button')?.focus()
  }, [again])

  function hire(workers: number): void {
    setHired(workers)
    if (!stopped) change({ workers })
  }

  const shows = (control: keyof typeof SHOWS): boolean => chapter.number >= SHOWS[control]

  return (
    <figure ref={figureRef} aria-label="The back of the shop" className="scroll-mt-3">
      <p
        role="status"
        className="min-h-24 text-xl leading-8 font-semibold tracking-tight text-pretty sm:min-h-20 sm:text-2xl sm:leading-10 lg:text-3xl stage:min-h-16 stage:text-2xl stage:leading-8"
      >
        {closed ? CLOSED : stopped ? STOPPED : toCaption(chapter.number, scene)}
      </p>
      <dl className="mt-4 stage:mt-2 grid grid-cols-[0.8fr_1fr_1fr] gap-x-2 gap-y-4 sm:gap-4 border-t border-line pt-4 stage:pt-2">
        <Figure value="0" name="people wait" />
        <Figure value={scene.waiting.length.toLocaleString('en')} name="jobs wait" />
        <Figure value={formatDuration(scene.longestMs)} name="longest wait" />
      </dl>
      <div className="relative mt-5 stage:mt-3">
        <Picture drawRef={drawRef} scene={scene} hired={hired} />
        {stopped && (
          <span
            aria-hidden
            className="absolute inset-x-0 bottom-[30%] mx-auto w-max -rotate-4 border-4 border-bad bg-paper px-4 py-1 text-3xl font-extrabold tracking-wider text-bad uppercase motion-safe:animate-stamp"
          >
            On a break
          </span>
        )}
      </div>
      <p className="mt-2 flex flex-wrap justify-between gap-x-6 text-base text-muted">
        <span>
          <strong className="font-semibold">Mail service:</strong> each bar is a request, higher with more
          mails in it.
        </span>
        <span>
          <Mark look="bg-ink" /> yours <Mark look="bg-paper" /> other people’s
          {shows('letters') && (
            <>
              {' '}
              <Mark look="bg-line" /> newsletter
            </>
          )}
        </span>
      </p>

      <div className="mt-5 stage:mt-3 grid grid-cols-2 gap-2 sm:gap-3 lg:grid-cols-4">
        <Press primary disabled={closed} onPress={() => order('welcome')}>
          Order a coffee
        </Press>
        <Press disabled={closed} onPress={() => order('welcome', RUSH.count, RUSH.every)}>
          Rush: {RUSH.count} people
        </Press>
        <Press disabled={closed} onPress={() => change({ workers: stopped ? hired : 0 })}>
          {stopped ? 'Start the workers' : 'Stop the workers'}
        </Press>
        <Press disabled={!shows('close')} onPress={() => (closed ? onAgain() : setClosed(true))}>
          {closed ? 'Open again' : 'Close, and compare'}
        </Press>
        <Later shown={shows('workers')}>
          <Slider label="Workers" value={hired} max={8} disabled={closed} onChange={hire} />
        </Later>
        <Later shown={shows('batches')}>
          <Switch
            label="A hundred in one request"
            checked={shop.batch > 1}
            disabled={closed}
            onChange={(on) => change({ batch: on ? BATCH : 1 })}
          />
        </Later>
        <Later shown={shows('letters')}>
          <Press disabled={closed} onPress={() => order('letter', LETTERS)}>
            Newsletter to {LETTERS.toLocaleString('en')}
          </Press>
        </Later>
        <Later shown={shows('priority')}>
          <Switch
            label="Welcomes first"
            checked={shop.welcomesFirst}
            disabled={closed}
            onChange={(welcomesFirst) => change({ welcomesFirst })}
          />
        </Later>
      </div>
      {closed && <Replay orders={orders} sandbox={sandbox} />}
    </figure>
  )
}

function Figure({ value, name }: { value: string; name: string }) {
  return (
    <div className="flex flex-col-reverse whitespace-nowrap lg:flex-row-reverse lg:items-baseline lg:justify-end lg:gap-3">
      <dt className="text-base text-muted sm:text-xl">{name}</dt>
      <dd className="text-2xl leading-none font-semibold tracking-tight tabular-nums sm:text-5xl lg:text-6xl stage:text-5xl">
        {value}
      </dd>
    </div>
  )
}

function Mark({ look }: { look: string }) {
  return (
    <span
      aria-hidden
      className={`ml-2 inline-block h-4 w-3 translate-y-0.5 border-2 border-ink first:ml-0 ${look}`}
    />
  )
}
