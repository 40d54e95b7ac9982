import { format, stripVTControlCharacters } from 'node:util'
import { log, logThrottled } from '../log'

/** Turns the output of Next and other libraries into log lines. */
export function takeOverConsole(): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) console[level] = toLine(level)
  console.log = toLine('info')
}

function toLine(level: 'debug' | 'info' | 'warn' | 'error'): (...words: unknown[]) => void {
  return (...words) => {
    // `onRequestError` in instrumentation.ts logs a page that failed.
    if (words.some((word) => word instanceof Error && 'digest' in word)) return
    const text = stripVTControlCharacters(format(...words.map(shorten))).trim()
    // proxy.ts answers 405, but Next warns first. With such requests, a stranger could fill the log.
    const [tooLarge] = /^Request body exceeded \w+/.exec(text) ?? []
    if (tooLarge) logThrottled(`${tooLarge}: it was for a page`)
    else if (text) log[level](text)
  }
}

// The other fields may have personal data.
function shorten(word: unknown): unknown {
  return word instanceof Error ? (word.stack ?? word.message) : word
}
