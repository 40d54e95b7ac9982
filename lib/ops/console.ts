import { format, stripVTControlCharacters } from 'node:util'
import { log, logThrottled } from '../log'

/** What Next and other libraries print becomes lines of the log, too. */
export function takeOverConsole(): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) console[level] = toLine(level)
  console.log = toLine('info')
}

function toLine(level: 'debug' | 'info' | 'warn' | 'error'): (...words: unknown[]) => void {
  return (...words) => {
    // A page that failed: see onRequestError in instrumentation.ts.
    if (words.some((word) => word instanceof Error && 'digest' in word)) return
    const text = stripVTControlCharacters(format(...words.map(shorten))).trim()
    // A page takes no body, and proxy.ts answers 405: any stranger could fill the log with Next's warning.
    const [tooLarge] = /^Request body exceeded \w+/.exec(text) ?? []
    if (tooLarge) logThrottled(`${tooLarge}: it was for a page`)
    else if (text) log[level](text)
  }
}

// As text, an error is all that it carries.
function shorten(word: unknown): unknown {
  return word instanceof Error ? (word.stack ?? word.message) : word
}
