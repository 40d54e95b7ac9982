import { AsyncLocalStorage } from 'node:async_hooks'
import { format, inspect } from 'node:util'
import { pino } from 'pino'
import { env } from './env'
import { onLostOutput } from './output'
import { tieToSpan } from './telemetry'

/*
 * The one place that logs: a line of JSON for each event, or in a terminal just its sentence. A line about an email
 * bears its id, so that a search for it finds the whole story. No line bears an address, a name or a token.
 */

// For stacks that name the lines of the source, and get as far as our own frames.
process.setSourceMapsEnabled(true)
Error.stackTraceLimit = 30

const shared = globalThis as { logContext?: AsyncLocalStorage<object> }
shared.logContext ??= new AsyncLocalStorage()
const context = shared.logContext

export const log = pino(
  {
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    serializers: { err: describeError },
    mixin: (fields) => ({ ...context.getStore(), ...tieToSpan({ ...context.getStore(), ...fields }) }),
    hooks: { streamWrite: scrub },
  },
  { write: (line) => process.stdout.write(isForPeople() ? toSentence(line) : line) },
)

onLostOutput((lines) =>
  log.warn({ lines }, 'Lines of this output are missing: it had no reader for some time.'),
)

/** Every line that is logged by this function, and by what it waits for, bears these fields too. */
export function withLogFields<Result>(fields: object, act: () => Result): Result {
  return context.run({ ...context.getStore(), ...fields }, act)
}

const SELDOM_MS = 60_000
const told = new Map<string, { at: number; times: number }>()

/** For what may come a thousand times a second, for hours: it is told at once, and then once a minute how often it came. */
export function logSeldom(message: string, fields: object = {}): void {
  const { at, times } = told.get(message) ?? { at: Number.NEGATIVE_INFINITY, times: 0 }
  const now = performance.now()
  const isDue = now - at > SELDOM_MS
  if (isDue) log.error({ ...fields, times: times + 1 }, message)
  told.set(message, isDue ? { at: now, times: 0 } : { at, times: times + 1 })
}

/**
 * Why something failed, in a sentence. What Postgres has said goes before Prisma's words for it: a wrong password, a full
 * disk and a missing right must be known from one line.
 */
export function reasonOf(error: unknown): string {
  const { message, code, meta } = error as Failure
  return meta?.driverAdapterError?.cause?.originalMessage ?? (message?.trim() || String(code ?? error))
}

type Failure = Partial<Error> & {
  /** Of the system, of Postgres or of Prisma. Where several addresses were tried, there is no message beside it. */
  code?: unknown
  meta?: { driverAdapterError?: { cause?: { originalMessage?: string } } }
}

// A driver's other fields quote the row that it failed with.
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: format(error) }
  const { name, message, code } = error as Error & { code?: unknown }
  const reason = reasonOf(error)
  return { name, message, ...(reason !== message && { reason }), code, stack: writeStack(error) }
}

/** What stands in a frame for code that is not ours. */
const FOREIGN = /node_modules|node:|<anonymous>|\/next\/dist\//

/** A stack by the lines of the source, our own frames first: a driver's error may have twenty others before them. */
function writeStack({ name, message, stack = '' }: Error): string {
  // In a Next server, a stack is that of the bundle until it is inspected. Other fields must not be in the log.
  const bare = new Error(message)
  for (const [field, value] of Object.entries({ name, stack })) Object.defineProperty(bare, field, { value })
  const frames = inspect(bare)
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
  const ours = frames.filter((frame) => !FOREIGN.test(frame))
  return [`${name}: ${message}`, ...ours, ...frames.filter((frame) => !ours.includes(frame))].join('\n')
}

const ADDRESS = /[^\s"'<>()=:;,\\]+@[\w-]+(\.[\w-]+)*\.[a-z]{2,}/gi
// The id of an email is the permission to watch it. A field may have it, a path that somebody may open may not.
const ID_IN_PATH = /\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi

function scrub(line: string): string {
  return line.replace(ADDRESS, '<address>').replace(ID_IN_PATH, '/<id>')
}

let forPeople: boolean | undefined

function isForPeople(): boolean {
  forPeople ??= env('LOG_FORMAT') === 'text'
  return forPeople
}

type Line = { msg: string; reason?: string; emailId?: string; emailIds?: string[]; err?: { stack?: string } }

/** "CE975F1D  attempt 2 → sent  3.0 s" */
function toSentence(line: string): string {
  const { msg, reason, emailId, emailIds, err } = JSON.parse(line) as Line
  const about = emailIds ? `batch of ${emailIds.length}` : emailId?.slice(0, 8).toUpperCase()
  const sentence = [about, reason ? `${msg}: ${reason}` : msg].filter(Boolean).join('  ')
  return `${[sentence, err?.stack].filter(Boolean).join('\n')}\n`
}
