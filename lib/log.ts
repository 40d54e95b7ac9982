import { AsyncLocalStorage } from 'node:async_hooks'
import { format, inspect } from 'node:util'
import { pino } from 'pino'
import { env } from './env'
import { onLostOutput } from './output'
import { perProcess } from './process'
import { tieToSpan } from './telemetry'

process.setSourceMapsEnabled(true)
// The default, 10 frames, often ends inside a driver.
Error.stackTraceLimit = 30

const context = perProcess('logContext', () => new AsyncLocalStorage<object>())

export const log = pino(
  {
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    serializers: { err: describeError },
    mixin: (fields) => ({ ...context.getStore(), ...tieToSpan({ ...context.getStore(), ...fields }) }),
    hooks: { streamWrite: scrub },
  },
  { write: (line) => process.stdout.write(isText() ? toSentence(line) : line) },
)

onLostOutput((lines) =>
  log.warn({ lines }, 'Lines of this output are missing: it had no reader for some time.'),
)

/** Adds these fields to all log lines of the call and of its asynchronous code. */
export function withLogFields<Result>(fields: object, act: () => Result): Result {
  return context.run({ ...context.getStore(), ...fields }, act)
}

const THROTTLE_MS = 60_000
const lastLogged = new Map<string, { at: number; times: number }>()

/** Logs at once, and then at most once a minute, with how often it came since the last line. */
export function logThrottled(message: string, fields: object = {}, level: 'error' | 'warn' = 'error'): void {
  const { at, times } = lastLogged.get(message) ?? { at: Number.NEGATIVE_INFINITY, times: 0 }
  const now = performance.now()
  const isDue = now - at > THROTTLE_MS
  if (isDue) log[level]({ ...fields, times: times + 1 }, message)
  lastLogged.set(message, isDue ? { at: now, times: 0 } : { at, times: times + 1 })
}

/** Returns the message of an error. Postgres's says more than Prisma's: a wrong password, a full disk. */
export function reasonOf(error: unknown): string {
  // A program may throw anything, also null.
  const { message, code, meta } = Object(error) as Failure
  return meta?.driverAdapterError?.cause?.originalMessage ?? (`${message ?? ''}`.trim() || `${code ?? error}`)
}

type Failure = Partial<Error> & {
  code?: unknown
  meta?: { driverAdapterError?: { cause?: { originalMessage?: string } } }
}

// Other fields of a driver's error quote the row, which may be personal data.
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: format(error) }
  const { name, message, code } = error as Error & { code?: unknown }
  const reason = reasonOf(error)
  return { name, message, ...(reason !== message && { reason }), code, stack: writeStack(error) }
}

const FOREIGN = /node_modules|node:|<anonymous>|\/next\/dist\//

function writeStack({ name, message, stack = '' }: Error): string {
  // Next maps a stack to the source when the error is inspected. A copy leaves out its other fields.
  const bare = new Error(message)
  for (const [field, value] of Object.entries({ name, stack })) Object.defineProperty(bare, field, { value })
  const frames = inspect(bare)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
  const ours = frames.filter((frame) => !FOREIGN.test(frame))
  return [`${name}: ${message}`, ...ours, ...frames.filter((frame) => !ours.includes(frame))].join('\n')
}

// A line is JSON, so an escape such as \n is read whole, and its n is no part of an address. An address begins only where a
// word does, so that a long word is read once.
const ESCAPES = /(?:\\u[\da-f]{4}|\\[^u])+/.source
const START = /(?<![^\s"'<>()=:;,]|\w['=](?=\w))/.source
const LOCAL_PART = /(?:[^\s"'<>()=:;,\\]|(?<=\w)['=](?=\w))+/.source
const DOMAIN = /[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/.source
const ADDRESS = new RegExp(`(${ESCAPES}['=]*|${START})${LOCAL_PART}@${DOMAIN}|${ESCAPES}`, 'gi')
// The path of a ticket grants access to it.
const ID_IN_PATH = /\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi

/** Replaces addresses and the paths of emails. */
export function scrub(line: string): string {
  const hideAddress = (found: string, before?: string): string =>
    before === undefined ? found : `${before}<address>`
  return line.replace(ADDRESS, hideAddress).replace(ID_IN_PATH, '/<id>')
}

let text: boolean | undefined

function isText(): boolean {
  text ??= env('LOG_FORMAT') === 'text'
  return text
}

type Line = { msg: string; reason?: string; emailId?: string; emailIds?: string[]; err?: { stack?: string } }

/** "CE975F1D  → sent  3.0 s" */
function toSentence(line: string): string {
  const { msg, reason, emailId, emailIds, err } = JSON.parse(line) as Line
  const about = emailIds ? `batch of ${emailIds.length}` : emailId?.slice(0, 8).toUpperCase()
  const sentence = [about, reason ? `${msg}: ${reason}` : msg].filter(Boolean).join('  ')
  return `${[sentence, err?.stack].filter(Boolean).join('\n')}\n`
}
