import { streamEvents } from './events'
import { readSnapshot } from './snapshot'
import { watch } from './watch'
import { HEARTBEAT } from './workers'

/** Streams an email: `email` with a snapshot, now and after each change until the final one. `erased`, when it is gone. */
export function streamEmail(request: Request, id: string, release: () => void): Response {
  let seen = 0
  return streamEvents(
    request,
    {
      heartbeat: HEARTBEAT,
      watch: (onChange) => watch('email_event', id.toLowerCase(), onChange),
      async update(send) {
        const snapshot = await readSnapshot(id)
        if (!snapshot) {
          send('erased', {})
          return true
        }
        if (snapshot.version > seen) send('email', snapshot, snapshot.version)
        seen = snapshot.version
        return snapshot.final
      },
    },
    release,
  )
}
