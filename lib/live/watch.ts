import { listen } from '../db/listen'

// One connection listens for all streams of the process. Notifications contain only ids: streams read the rows again. After
// a reconnect, all streams read once, so a lost notification does no harm.

/** Triggers notify these, with ids of emails or users. */
const CHANNELS = [
  'email_event',
  'user_event', // orders
] as const
export type Channel = (typeof CHANNELS)[number]

type Watchers = Map<string, Set<() => void>>
const shared = globalThis as { watchers?: Watchers }

/** Calls `onChange` after changes of an id, or of the whole channel, until the returned function is called. */
export function watch(channel: Channel, id: string | undefined, onChange: () => void): () => void {
  shared.watchers ??= startListening()
  const watchers = shared.watchers
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
