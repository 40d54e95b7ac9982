'use client'

import { useRef, useState } from 'react'
import { PEOPLE } from '@/app/(stage)/_lib/people'
import { Headline } from '@/app/components/site/headline'
import { Axis, Bars } from './bars'
import { Choices } from './choices'
import { Lane } from './lane'
import { MailStory } from './mail-story'
import { timeMails } from './mail-times'
import { pickScale } from './scale'
import { describeBackground, describeInline, hasAnswers, sumUp } from './sum-up'
import { useElapsed } from './use-elapsed'
import { useMails } from './use-mails'
import { lineUp, type Settings, useRace } from './use-race'

type Crowd = 'one' | 'twenty'
type First = Settings['inline']
type Weather = 'up' | 'down'

export function Race() {
  const lanesRef = useRef<HTMLDivElement>(null)
  const [crowd, setCrowd] = useState<Crowd>('one')
  const [first, setFirst] = useState<First>('mail-first')
  const [weather, setWeather] = useState<Weather>('up')
  const { phase, lanes, startedAt, outage, stuck, start, repair, clear } = useRace()
  const people = crowd === 'one' ? 1 : PEOPLE.length
  const { inline, background } = phase === 'ready' ? lineUp(people) : lanes

  const ids = background.flatMap(({ answer }) => (answer?.account && answer.emailId) || [])
  const { mails, hasNoWorker, settled } = useMails(hasAnswers(background) ? ids : [])
  const elapsed = useElapsed(startedAt, phase === 'running' || (phase === 'over' && !settled))
  const times = timeMails(background, mails, elapsed)
  const scale = pickScale([...inline, ...background], times, elapsed)

  const result = phase === 'over' ? sumUp({ inline, background }) : undefined
  const broken = phase === 'over' && outage === 'on' && !(settled && ids.length > 0)

  async function press(): Promise<void> {
    // A phone has no room for the headline and the buttons beside the lanes.
    if (window.matchMedia('(width < 64rem)').matches) lanesRef.current?.scrollIntoView()
    if (!broken) await start({ people, inline: first, down: weather === 'down' })
    else if (await repair()) setWeather('up')
  }

  /** Changes the setting and clears the result, which belongs to the old setting. */
  function choose(change: () => void): void {
    change()
    clear()
  }

  return (
    <>
      <Headline news={result?.headline} tone={result?.tone}>
        {!result && 'Who has to wait?'}
      </Headline>
      <p role="status" className="sr-only">
        {result?.sentences}
      </p>

      <div className="mt-4 stage:mt-3 grid gap-4 sm:grid-cols-2 lg:grid-cols-[auto_auto_auto_minmax(0,1fr)] stage:gap-3">
        <Choices<Crowd>
          legend="How many sign up"
          name="crowd"
          options={{ one: '1 signup', twenty: `${PEOPLE.length} at once` }}
          value={crowd}
          disabled={phase === 'running'}
          onChange={(next) => choose(() => setCrowd(next))}
        />
        <Choices<First>
          legend="Inside the request"
          name="first"
          options={{ 'mail-first': 'Mail first', 'account-first': 'Account first' }}
          value={first}
          disabled={phase === 'running'}
          onChange={(next) => choose(() => setFirst(next))}
        />
        <Choices<Weather>
          legend="The mail service"
          name="weather"
          options={{ up: 'Mail service up', down: 'down' }}
          value={weather}
          disabled={phase === 'running'}
          onChange={(next) => choose(() => setWeather(next))}
        />
        <button
          type="button"
          aria-disabled={phase === 'running'}
          onClick={press}
          className="button py-3 whitespace-nowrap lg:px-3 stage:py-2 aria-disabled:cursor-progress "
        >
          {phase === 'running' ? 'The race is on' : broken ? 'Repair it' : 'Press both'}
        </button>
      </div>
      <p role="alert" className="text-lg font-semibold text-bad">
        {stuck && 'The mail service cannot be reached. Is the app still running?'}
      </p>

      <div
        ref={lanesRef}
        className="mt-5 grid scroll-mt-3 gap-x-10 gap-y-4 lg:grid-cols-2 stage:mt-2 stage:gap-y-2"
      >
        <Lane
          title="Mail sent inside the request"
          label="inside the request"
          runners={inline}
          phase={phase}
          elapsed={elapsed}
          bars={<Bars runners={inline} color="bg-accent" elapsed={elapsed} scale={scale} />}
        >
          {phase === 'ready' ? 'The answer comes when the mail is out.' : describeInline(inline)}
        </Lane>
        <Lane
          title="Mail sent by a background job"
          label="background job"
          runners={background}
          phase={phase}
          mail={mails[0]}
          elapsed={elapsed}
          bars={
            <div>
              <Bars runners={background} color="bg-good" elapsed={elapsed} scale={scale} mails={times} />
              <Axis scale={scale} />
            </div>
          }
        >
          <span>
            {phase === 'ready'
              ? 'The answer comes at once, and the mail follows.'
              : describeBackground(background)}
          </span>{' '}
          {ids.length > 0 && (
            <MailStory
              mails={mails}
              total={ids.length}
              lastMs={Math.max(...times.map((mail) => mail?.untilMs ?? 0))}
              hasNoWorker={hasNoWorker}
              repaired={outage === 'over'}
              inline={inline}
            />
          )}
        </Lane>
      </div>

      <p className="mt-3 text-base stage:sr-only max-lg:mt-10 text-pretty text-muted">
        Measured by this browser’s clock, from the start of both requests to the arrival of each answer.
        Server, database and mail service are the same, and each lane has its own account there. Twenty sign
        up as if each had a browser of their own. A bar is a person who waits, dots are a mail on its way.
      </p>
    </>
  )
}
