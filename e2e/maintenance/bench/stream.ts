import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Snapshot } from '../../../lib/status/status'

export type Arrival = { snapshot: Snapshot; at: number }

export type Stream = {
  /** What has arrived, and when. */
  read(): Arrival[]
  /** How often it broke off before the final snapshot. */
  countBreaks(): number
  hasEnded(): boolean
  close(): void
}

type Chunk = { text: string; at: number }

const RECONNECT_MS = 1_000

/** Here a connection ended: half a message before it is none. */
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
  let response = await connect(url)
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`)

  async function follow(): Promise<void> {
    while (!closed) {
      await readToEnd(response, chunks)
      if (closed || parseChunks(chunks).at(-1)?.snapshot.final) break
      breaks++
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS))
      if (!closed) response = await connect(url).catch(() => response)
    }
    closed = true
  }
  void follow()
  return {
    read: () => parseChunks(chunks),
    countBreaks: () => breaks,
    hasEnded: () => closed,
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

async function readToEnd(response: IncomingMessage, chunks: Chunk[]): Promise<void> {
  if (response.destroyed) return
  response.setEncoding('utf8').on('data', (text: string) => {
    chunks.push({ text, at: Date.now() })
    // The stream goes on, for late reports. The end of a message that is cut in two is enough.
    if (/"final":true.*\n\n/.test(text)) response.destroy()
  })
  const end = (): number => chunks.push(CUT)
  await once(response, 'close').then(end, end)
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
