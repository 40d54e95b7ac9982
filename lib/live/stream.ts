import { streamEvents } from './events'
import { readWatched } from './snapshot'
import { watch } from './watch'
import { HEARTBEAT } from './workers'

/**
 * Streams an email until it is final, and at most a minute longer, because a late report may come: `email` with a snapshot, now and
 * after each change, or `erased`.
 */
export function streamEmail(request: Request, id: string, release: () => void): Response {
  let seen = 0
  let timer: NodeJS.Timeout | undefined
  let lookAgain = (): void => {}
  return streamEvents(
    request,
    {
      heartbeat: HEARTBEAT,
      watch(onChange) {
        lookAgain = onChange
        const stopWatching = watch('email_event', id.toLowerCase(), onChange)
        return () => {
          clearTimeout(timer)
          stopWatching()
        }
      },
      async update(send) {
        const watched = await readWatched(id)
        if (!watched) {
          send('erased', {})
          return true
        }
        const { snapshot, lingerMs } = watched
        if (snapshot.version > seen) send('email', snapshot, snapshot.version)
        seen = snapshot.version
        clearTimeout(timer)
        if (Number.isFinite(lingerMs)) timer = setTimeout(lookAgain, lingerMs).unref()
        return lingerMs === 0
      },
    },
    release,
  )
}
