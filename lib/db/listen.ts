import { Client } from 'pg'
import { env } from '../env'
import { logSeldom } from '../log'

/*
 * One connection of this process listens for every open stream. A notification only says what has changed; whoever
 * watches reads it again. So nothing depends on each one arriving: after a lost connection, all who watch simply read
 * once more.
 */
const RECONNECT_MS = 1_000
const HEARTBEAT_MS = 10_000

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
 * It never throws: while the database is away, it tries again every second.
 * @param id of the email or user; without one, every change of the channel counts
 */
export function watch(channel: Channel, id: string | undefined, onChange: () => void): () => void {
  const watchers = shared.watchers ?? startListening()
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
  shared.watchers = watchers
  void listenForever(watchers)
  return watchers
}

async function listenForever(watchers: Watchers): Promise<never> {
  for (;;) {
    try {
      await listenOnce(watchers)
    } catch (error) {
      logSeldom('Live status: connection lost, trying again', { reason: (error as Error).message })
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
  }
}

/** Listens until the connection is lost, then rejects. */
async function listenOnce(watchers: Watchers): Promise<void> {
  const client = new Client({
    connectionString: env('DATABASE_URL'),
    application_name: 'live status',
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  })
  let heartbeat: NodeJS.Timeout | undefined
  const lost = new Promise<never>((_, reject) => {
    client.on('error', reject)
    client.on('end', () => reject(new Error('the database closed the connection')))
    // A connection that drops without a word shows only when it is used.
    heartbeat = setInterval(() => client.query('SELECT 1').catch(reject), HEARTBEAT_MS)
  })
  const tell = (topic: string): void => {
    for (const onChange of watchers.get(topic) ?? []) onChange()
  }
  client.on('notification', ({ channel, payload = '' }) => {
    for (const id of payload.split(',')) tell(toTopic(channel, id))
    tell(toTopic(channel))
  })
  try {
    await Promise.race([client.connect(), lost])
    for (const channel of CHANNELS) await Promise.race([client.query(`LISTEN ${channel}`), lost])
    for (const topic of watchers.keys()) tell(topic)
    await lost
  } finally {
    clearInterval(heartbeat)
    client.end().catch(() => {})
  }
}
