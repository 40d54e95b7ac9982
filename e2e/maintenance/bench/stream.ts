import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Snapshot } from '../../../lib/status/status'

export type Arrival = { snapshot: Snapshot; at: number }

export type Stream = {
  /** The snapshots that have arrived, and when. */
  read(): Arrival[]
  /** How often it broke off before the final snapshot. */
  countBreaks(): number
  isConnected(): boolean
  /** The final snapshot has arrived. The connection stays open until `close`. */
  hasEnded(): boolean
  close(): void
}

type Chunk = { text: string; at: number }

/** Marks the end of a connection. Half a message before it does not count. */
const CUT: Chunk = { text: '', at: 0 }

/**
 * An event stream on a connection of its own, that comes back like a browser's. It only notes what arrives when: with
 * thousands of streams in one process, parsing at once would make the later ones look late.
 * @throws when the first answer is no stream
 */
export async function openStream(url: string): Promise<Stream> {
  const chunks: Chunk[] = []
  let breaks = 0
  let closed = false
  let ended = false
  let retryMs = 1_000
  let response = await connect(url)
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`)

  const note = (text: string): void => {
    chunks.push({ text, at: Date.now() })
    ended ||= /"final":true.*\n\n/.test(text)
    retryMs = Number(/^retry: (\d+)$/m.exec(text)?.[1] ?? retryMs)
  }
  async function follow(): Promise<void> {
    while (!closed) {
      await readToEnd(response, note)
      if (closed || ended) break
      chunks.push(CUT)
      breaks++
      await new Promise((resolve) => setTimeout(resolve, retryMs))
      if (!closed) response = await connect(url).catch(() => response)
    }
  }
  void follow()
  return {
    read: () => parseChunks(chunks),
    countBreaks: () => breaks,
    isConnected: () => response.statusCode === 200 && !response.destroyed,
    hasEnded: () => ended,
    close() {
      closed = true
      response.destroy()
    },
  }
}

async function connect(url: string): Promise<IncomingMessage> {
  const request = get(url, { agent: false })
  const [response] = await once(request, 'response')
  // A connection that is reset later is reported here, too.
  request.on('error', () => {})
  return response
}

async function readToEnd(response: IncomingMessage, note: (text: string) => void): Promise<void> {
  if (response.destroyed) return
  response.setEncoding('utf8').on('data', note)
  await once(response, 'close').catch(() => {})
}

function parseChunks(chunks: Chunk[]): Arrival[] {
  const arrivals: Arrival[] = []
  let text = ''
  for (const chunk of chunks) {
    text = chunk === CUT ? '' : text + chunk.text
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^event: email\n(?:.*\n)*?data: (\{.*\})$/m.exec(message)?.[1]
      if (data) arrivals.push({ snapshot: JSON.parse(data), at: chunk.at })
    }
  }
  return arrivals
}
