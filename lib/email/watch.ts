import { Client } from 'pg'
import { env } from '../env'

/*
 * One connection of this process listens to `email_event` for every open stream. A notification only says which
 * email changed; whoever watches reads it again. So nothing depends on each one arriving: after a lost connection,
 * all who watch simply read once more.
 */
const RECONNECT_MS = 1_000
const HEARTBEAT_MS = 10_000

type Watchers = Map<string, Set<() => void>>
const shared = globalThis as { emailWatchers?: Watchers }

/**
 * Calls `onChange` whenever the email may have changed, until the returned function is called.
 * It never throws: while the database is away, it tries again every second.
 */
export function watchEmail(id: string, onChange: () => void): () => void {
  const watchers = shared.emailWatchers ?? startListening()
  const callbacks = watchers.get(id) ?? new Set()
  watchers.set(id, callbacks.add(onChange))
  return () => {
    callbacks.delete(onChange)
    if (callbacks.size === 0 && watchers.get(id) === callbacks) watchers.delete(id)
  }
}

function startListening(): Watchers {
  const watchers: Watchers = new Map()
  shared.emailWatchers = watchers
  void listenForever(watchers)
  return watchers
}

async function listenForever(watchers: Watchers): Promise<never> {
  for (;;) {
    try {
      await listenOnce(watchers)
    } catch (error) {
      console.error('Live status: connection lost, trying again.', (error as Error).message)
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
  client.on('notification', ({ payload }) => {
    for (const onChange of watchers.get(payload ?? '') ?? []) onChange()
  })
  try {
    await Promise.race([client.connect(), lost])
    await Promise.race([client.query('LISTEN email_event'), lost])
    for (const callbacks of watchers.values()) for (const onChange of callbacks) onChange()
    await lost
  } finally {
    clearInterval(heartbeat)
    client.end().catch(() => {})
  }
}
