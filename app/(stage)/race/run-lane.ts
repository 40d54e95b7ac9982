import type { LaneAnswer, Way } from '@/app/(stage)/api/sandbox/race/run-signups'

/** Signs people up in one of the two ways, and calls back for each answer when it arrives. Never throws. */
export async function runLane(
  way: Way,
  people: number,
  onAnswer: (answer: LaneAnswer) => void,
): Promise<void> {
  const waiting = new Set(Array.from({ length: people }, (_, person) => person))
  try {
    const response = await fetch('/api/sandbox/race', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ way, people }),
    })
    if (!response.ok || !response.body) throw new Error(`${response.status}`)
    for await (const answer of readLines(response.body)) {
      waiting.delete(answer.person)
      onAnswer(answer)
    }
  } catch {
    // The server is not reachable. The code below answers everyone who still waits.
  }
  for (const person of waiting) onAnswer({ person, account: false, reason: 'no_answer' })
}

async function* readLines(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<LaneAnswer> {
  // Some browsers cannot iterate over a stream.
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (text + value).split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
  }
}
