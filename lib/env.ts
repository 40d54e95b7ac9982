import nextEnv from '@next/env'
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'

/** `.env.example` explains each of them. */
const schema = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).default(10),
  APP_URL: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
  RESEND_API_KEY: z.string().regex(/^[\x21-\x7e]+$/, 'must be ASCII without spaces'),
  APP_SECRET: z.string().min(32, 'must have 32 characters or more').optional(),
  RESEND_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Opens the inbox and the weather of the sandbox. The runner sets a new one at each start. */
  SANDBOX_KEY: z.string().min(32, 'must have 32 characters or more').optional(),
  /** Without it, webhooks are rejected, and "sent" is final. */
  RESEND_WEBHOOK_SECRET: z
    .string()
    .refine(isWebhookSecret, 'must be whsec_ and then 24 to 64 bytes in base64')
    .optional(),
  EMAIL_FROM: z
    .string()
    .regex(/^([^<>\r\n]+<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/, 'must be an address, or Name <address>')
    .default('Behind the Scenes <onboarding@resend.dev>'),
  RESEND_RATE_LIMIT: z.coerce.number().positive().max(1_000).default(10),
  RETRY_MAX_SECONDS: z.coerce.number().positive().max(86_400).default(300),
  TRUSTED_HOPS: z.coerce.number().int().min(0).max(10).default(0),
  FORM_MIN_SECONDS: z.coerce.number().min(0).max(60).default(unlessInSandbox(2)),
  FORM_ONLY: z.stringbool().default(false),
  // 0: no limit, which is the default in the sandbox.
  LIMIT_SIGNUPS_PER_VISITOR: limit(20),
  LIMIT_SIGNUPS_PER_MINUTE: limit(300),
  LIMIT_MAILS_PER_MAILBOX: limit(5),
  LIMIT_MAILS_PER_HOUR: limit(1_000),
  LIMIT_REQUESTS_PER_VISITOR: limit(600),
  LIMIT_CONCURRENCY_PER_VISITOR: limit(4),
  LIMIT_CONNECTIONS_PER_VISITOR: limit(500),
  LIMIT_CONNECTIONS: limit(20_000),
  LIMIT_STREAMS_PER_VISITOR: limit(50),
  LIMIT_STREAMS_PER_TICKET: limit(20),
  LIMIT_STREAMS_PER_PROCESS: limit(5_000),
  LIMIT_STREAM_SECONDS: limit(3_600),
  LIMIT_WRONG_SIGNATURES: limit(20),
  LIMIT_WRONG_PASSWORDS: limit(10),
  LIMIT_EXPORTS_PER_USER: limit(10), // orders
  OPERATOR_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
  WORKER_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  LOG_FORMAT: z.enum(['json', 'text']).default(process.env.NODE_ENV === 'development' ? 'text' : 'json'),
  BACKSTAGE_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(), // stage
  PRESENTER_TOKEN: z.base64url().min(32, 'must have 32 characters or more').optional(), // stage
  INVITATIONS_PER_USER: z.coerce.number().int().min(0).max(100).default(0), // orders
  // The sandbox pauses after each chapter of an export, so that an audience sees the progress. // orders
  EXPORT_PAUSE_MS: z.coerce.number().min(0).default(0), // orders
})

type Env = z.infer<typeof schema>
export type Setting = keyof Env

/** sandbox/settings.ts reads these. The compiler compares the two lists. */
const SANDBOX_SETTINGS = [
  'SANDBOX_DIR',
  'SANDBOX_LATENCY_MS',
  'SANDBOX_RATE_LIMIT',
  'SANDBOX_WORKERS',
  'SANDBOX_API_KEY',
  'SANDBOX_POSTGRES_BIN',
  'SANDBOX_TRACES',
  'SANDBOX_FRESH',
] as const
export type SandboxSetting = (typeof SANDBOX_SETTINGS)[number]

function limit(unlessSet: number) {
  return z.coerce.number().int().min(0).default(unlessInSandbox(unlessSet))
}

// In the sandbox, all visitors may share one address: that of a lecture hall.
function unlessInSandbox(value: number): () => number {
  return () => (inSandbox() ? 0 : value)
}

/** True when mail goes to the local stand-in for Resend. Its key is public, so the URL must be local, too. */
export function inSandbox(): boolean {
  loadEnvFiles()
  const { RESEND_API_KEY, RESEND_BASE_URL = '' } = process.env
  if (RESEND_API_KEY !== 're_sandbox' || !URL.canParse(RESEND_BASE_URL)) return false
  return isLoopback(new URL(RESEND_BASE_URL).hostname)
}

/** Browsers resolve names that end in .localhost to this computer. */
export function isLoopback(hostname: string): boolean {
  return /^((.+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

// The Standard Webhooks specification. With another secret, the library rejects every webhook.
function isWebhookSecret(secret: string): boolean {
  const key = secret.slice('whsec_'.length)
  const { length } = Buffer.from(key, 'base64')
  return secret.startsWith('whsec_') && z.base64().safeParse(key).success && length >= 24 && length <= 64
}

let loaded = false

/** Loads the same `.env` files as Next. They do not override the environment. */
export function loadEnvFiles(): void {
  if (loaded) return
  loaded = true
  const dev = process.env.NODE_ENV === 'development'
  nextEnv.loadEnvConfig(process.cwd(), dev, { info() {}, error: console.error })
}

/** Reads a setting. @throws {Error} when it is missing or malformed */
export function env<Name extends keyof Env>(name: Name): Env[Name] {
  const { value, problem } = readSetting(name)
  if (problem) throw new Error(problem)
  return value as Env[Name]
}

const ALL = Object.keys(schema.shape) as Setting[]

/** The names of all settings, those of the sandbox too. */
export const SETTINGS: readonly string[] = [...ALL, ...SANDBOX_SETTINGS]

/** Lists the settings that are missing or malformed, each with a sentence. */
export function findProblems(names = ALL): Map<Setting, string> {
  return new Map(
    names.flatMap((name) => {
      const { problem } = readSetting(name)
      return problem ? [[name, problem]] : []
    }),
  )
}

/**
 * Exits the process, with one line for each setting that is missing, malformed or misspelled.
 * @param names all that the process reads. With a part of them, other misspelled names are only printed: an operator's command
 *   also runs beside the settings of a newer version
 */
export function requireEnv(names = ALL): void {
  const problems = findProblems(names)
  const unknown = listUnknown()
  for (const sentence of [...problems.values(), ...unknown.map(({ sentence }) => sentence)])
    console.error(sentence)
  const isFatal = names === ALL || unknown.some(({ meant }) => names.some((name) => name === meant))
  if (problems.size > 0 || (unknown.length > 0 && isFatal)) process.exit(1)
}

/** Lists misspelled settings, each with a sentence and the name that was probably meant. */
export function listUnknown(): { meant: string; sentence: string }[] {
  loadEnvFiles()
  return findUnknown(process.env, SETTINGS).map(({ name, meant }) => ({
    meant,
    sentence: `${name}: nothing reads it. Did you mean ${meant}? See .env.example.`,
  }))
}

function readSetting(name: keyof Env): { value?: unknown; problem?: string } {
  loadEnvFiles()
  // A blank value is not set.
  const given = process.env[name]?.trim() ? process.env[name] : undefined
  const { success, data, error } = schema.shape[name].safeParse(given)
  if (success) return { value: data }
  const what = given === undefined ? 'is missing' : error.issues[0]?.message
  return { problem: `${name}: ${what}. See .env.example.` }
}

/** A name that begins like this, and is no setting, is a misspelled one. */
const OUR_PREFIXES = [
  'LIMIT_',
  'SANDBOX_',
  'BACKSTAGE_', // stage
  'PRESENTER_', // stage
  'INVITATIONS_', // orders
]

// Kubernetes and Docker set variables such as SANDBOX_PORT for a service that is called "sandbox".
const SERVICE_NAME = /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//

function findUnknown(given: NodeJS.ProcessEnv, known: readonly string[]): { name: string; meant: string }[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (!value || SERVICE_NAME.test(name) || SERVICE_ADDRESS.test(value)) return []
    const upper = name.toUpperCase()
    if (known.includes(process.platform === 'win32' ? upper : name)) return []
    const prefix = OUR_PREFIXES.find((prefix) => upper.startsWith(prefix))
    const candidates = known.filter((name) => name.startsWith(prefix ?? ''))
    const meant = candidates.find((name) => name.startsWith(upper)) ?? closest(upper, candidates)
    return prefix || (!given[meant] && isTypo(upper, meant)) ? [{ name, meant }] : []
  })
}

/** One letter in six is wrong, or two are swapped. The first word of a short name must match: MAIL_FROM is another setting. */
function isTypo(name: string, meant: string): boolean {
  if (meant.length < 12 && name.split('_')[0] !== meant.split('_')[0]) return false
  if (distance(name, meant) <= Math.min(2, meant.length / 6)) return true
  return distance(name, meant) === 2 && [...name].sort().join() === [...meant].sort().join()
}
