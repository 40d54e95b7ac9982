import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Snapshot } from '../../lib/email/status'

export type Arrival = { snapshot: Snapshot; at: number }

export type Stream = {
  /** What has arrived, and when. */
  read(): Arrival[]
  hasEnded(): boolean
  close(): void
}

/**
 * An event stream on a connection of its own. It only notes what arrives when: with thousands of streams in one process,
 * parsing at once would make the later ones look late.
 * @throws when the answer is no stream
 */
export async function openStream(url: string): Promise<Stream> {
  const request = get(url, { agent: false })
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (response?.statusCode !== 200) throw new Error(`${url} answered ${response?.statusCode}`)
  request.on('error', () => {})
  response.on('error', () => {})
  const chunks: { text: string; at: number }[] = []
  response.setEncoding('utf8').on('data', (text: string) => chunks.push({ text, at: Date.now() }))
  return {
    read: () => parseChunks(chunks),
    hasEnded: () => response.destroyed || response.readableEnded,
    close: () => request.destroy(),
  }
}

function parseChunks(chunks: { text: string; at: number }[]): Arrival[] {
  const arrivals: Arrival[] = []
  let text = ''
  for (const chunk of chunks) {
    text += chunk.text
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^event: email\n(?:.*\n)*?data: (.*)$/m.exec(message)?.[1]
      if (data) arrivals.push({ snapshot: JSON.parse(data), at: chunk.at })
    }
  }
  return arrivals
}
