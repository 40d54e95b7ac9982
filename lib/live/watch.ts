import { listen } from '../db/listen'

/*
 * One connection of this process listens for every open stream. A notification only says what has changed; whoever
 * watches reads it again. So nothing depends on each one arriving: after a lost connection, all who watch simply read
 * once more.
 */

/** What triggers in the database announce, each with the id of what has changed: an email, or what a user has ordered. */
const CHANNELS = [
  'email_event',
  'user_event', // orders
] as const
export type Channel = (typeof CHANNELS)[number]

type Watchers = Map<string, Set<() => void>>
const shared = globalThis as { watchers?: Watchers }

/**
 * Calls `onChange` whenever something may have changed, until the returned function is called.
 * @param id of the email or user; without one, every change of the channel counts
 */
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
  const tell = (topic: string): void => {
    for (const onChange of watchers.get(topic) ?? []) onChange()
  }
  listen({
    name: 'live status',
    channels: CHANNELS,
    onNotification(ids, channel) {
      for (const id of ids.split(',')) tell(toTopic(channel, id))
      tell(toTopic(channel))
    },
    onConnect() {
      for (const topic of watchers.keys()) tell(topic)
    },
  })
  return watchers
}
