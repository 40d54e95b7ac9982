import { listen } from '../db/listen'
import { perProcess } from '../process'

// One connection listens for all streams of the process. Notifications have only ids, and the streams read the rows. After a
// reconnect, all streams read, because notifications may be lost.

const CHANNELS = [
  'email_event',
  'user_event', // orders
] as const
export type Channel = (typeof CHANNELS)[number]

type Watchers = Map<string, Set<() => void>>

/** Calls `onChange` after each change of this id. Without `id`: of any. Returns the function that stops it. */
export function watch(channel: Channel, id: string | undefined, onChange: () => void): () => void {
  const watchers = perProcess('watchers', startListening)
  const topic = toTopic(channel, id)
  const callbacks = watchers.get(topic) ?? new Set()
  watchers.set(topic, callbacks.add(onChange))
  return () => {
    callbacks.delete(onChange)
    if (callbacks.size === 0 && watchers.get(topic) === callbacks) watchers.delete(topic)
  }
}

const toTopic = (channel: string, id = '*'): string => `${channel} ${id}`

function startListening(): Watchers {
  const watchers: Watchers = new Map()
  const notify = (topic: string): void => {
    for (const onChange of watchers.get(topic) ?? []) onChange()
  }
  listen({
    name: 'live status',
    channels: CHANNELS,
    onNotification(ids, channel) {
      for (const id of ids.split(',')) notify(toTopic(channel, id))
      notify(toTopic(channel))
    },
    onConnect() {
      for (const topic of watchers.keys()) notify(topic)
    },
  })
  return watchers
}
