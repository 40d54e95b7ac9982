import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { logThrottled } from '../log'
import { connectionConfig, SafeClient } from './connection'

const RECONNECT_MS = 1_000
const HEARTBEAT_MS = 10_000
const STATEMENT_TIMEOUT_MS = 5_000

type Listener = {
  name: string
  channels: readonly string[]
  onNotification(payload: string, channel: string): void
  /** Called after each connect. Earlier notifications may be lost. */
  onConnect(): void
}

/** Listens on a connection of its own, and reconnects every second until it is closed. Never throws. */
export function listen(listener: Listener): { close(): Promise<void> } {
  let client: Client | undefined
  let isClosed = false
  const listenUntilClosed = async (): Promise<void> => {
    while (!isClosed) {
      client = new SafeClient({ ...connectionConfig(STATEMENT_TIMEOUT_MS), application_name: listener.name })
      const { message: reason } = await listenOn(client, listener)
      if (!isClosed) logThrottled(`The connection for ${listener.name} is lost, reconnecting`, { reason })
      await sleep(RECONNECT_MS)
    }
  }
  void listenUntilClosed()
  return {
    async close() {
      isClosed = true
      client?.end().catch(() => {})
    },
  }
}

/** Listens until the connection is lost. @returns the reason */
async function listenOn(client: Client, listener: Listener): Promise<Error> {
  // Without traffic, a lost network is not noticed. A transaction pooler may have given the connection to another client.
  const check = async (): Promise<void> => {
    const { rowCount } = await client.query('SELECT pg_listening_channels()')
    if (rowCount === 0) throw new Error('it no longer listens, as happens behind a transaction pooler')
  }
  let heartbeat: NodeJS.Timeout | undefined
  const lost = new Promise<never>((_, reject) => {
    client.on('error', reject)
    client.on('end', () => reject(new Error('the database closed the connection')))
    heartbeat = setInterval(() => check().catch(reject), HEARTBEAT_MS)
  })
  client.on('notification', ({ channel, payload = '' }) => listener.onNotification(payload, channel))
  try {
    await Promise.race([client.connect(), lost])
    for (const channel of listener.channels) await Promise.race([client.query(`LISTEN ${channel}`), lost])
    listener.onConnect()
    return await lost
  } catch (error) {
    return error as Error
  } finally {
    clearInterval(heartbeat)
    client.end().catch(() => {})
  }
}
