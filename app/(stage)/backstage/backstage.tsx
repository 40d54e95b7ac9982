'use client'

import type { ReactNode } from 'react'
import { LOST } from '@/app/components/ticket/words'
import { Credits } from './credits'
import { DeadLetters } from './dead-letters'
import { Jobs } from './jobs'
import { Numbers } from './numbers'
import { Pause } from './pause'
import { Picture } from './picture'
import { SignupButtons } from './signup-buttons'
import { Throughput } from './throughput'
import { TimesTable } from './times'
import { useBackstage } from './use-backstage'
import { WeatherControls } from './weather-controls'
import { Workers } from './workers'

type Props = {
  sandbox: boolean
  /** The way in for the room, and the presenter's alone. */
  invitation: ReactNode
}

export function Backstage({ sandbox, invitation }: Props) {
  const { backstage, correct, crowd, connection } = useBackstage()
  const {
    now,
    stranded,
    sent,
    waitedMs,
    times,
    paused,
    workers,
    latest,
    dead,
    failedJobs,
    remedies,
    weather,
  } = backstage

  const idle =
    now !== undefined &&
    now.waiting + now.working + now.retrying === 0 &&
    sent?.perSecond.every((mails) => mails === 0) === true

  return (
    <div data-screenful>
      <div className="relative -mt-5 mb-3 stage:mt-0 flex flex-wrap items-baseline justify-between gap-x-6 gap-y-2 stage:flex-nowrap stage:items-center">
        <h1 className="text-5xl leading-none font-bold sm:text-6xl">Backstage</h1>
        <p role="status" className="text-xl font-semibold text-bad">
          {connection === 'lost' && LOST}
        </p>
        <Pause paused={paused} />
        {invitation && (
          <div className="flex items-center gap-4 stage:absolute stage:top-0 stage:right-0">
            <Credits />
            {invitation}
          </div>
        )}
        <p className="mt-2 w-full text-xl leading-6 text-balance text-muted stage:mt-0 stage:w-auto stage:flex-1">
          This is what follows each signup, live. A dot is a job, one mail to send; a block is one request
          with many.
        </p>
      </div>
      <Picture crowd={crowd} workers={workers} paused={paused} idle={idle} />
      <Numbers now={now} failedJobs={failedJobs} stranded={stranded} sent={sent}>
        {sandbox && <SignupButtons waitedMs={waitedMs} />}
      </Numbers>
      <div className="mt-8 grid gap-x-10 gap-y-8 md:grid-cols-2 lg:mt-4 lg:grid-cols-[18rem_minmax(0,1fr)_minmax(0,1.4fr)] stage:mt-2 stage:grid-cols-[20rem_20rem_minmax(0,1fr)] stage:gap-x-14">
        {sandbox && <WeatherControls weather={weather} onChange={(next) => correct({ weather: next })} />}
        <div className="space-y-4 stage:contents">
          <Workers workers={workers} sandbox={sandbox} />
          <TimesTable times={times} />
          <Throughput perSecond={sent?.perSecond} />
        </div>
        <Jobs jobs={latest} />
      </div>
      <DeadLetters emails={dead} total={now?.failed ?? 0} jobs={failedJobs} remedies={remedies} />
    </div>
  )
}
