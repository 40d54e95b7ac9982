import nextEnv from '@next/env'
import { closest, distance } from 'fastest-levenshtein'
import { z } from 'zod'

const schema = z.object({
  /** A PostgreSQL connection string. LISTEN needs a session: no proxy that pools by transaction. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** How many connections a process may have for its queries. Those for the queue and for LISTEN come on top. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).default(10),
  /** Where people reach the app, e.g. https://example.org. Requests from other origins are refused. */
  APP_URL: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
  RESEND_API_KEY: z.string().regex(/^[\x21-\x7e]+$/, 'must have no spaces, and nothing that is not ASCII'),
  /** Signs what strangers carry for us: links in mails, the form. Unless set, the API key does. */
  APP_SECRET: z.string().min(32, 'must have 32 characters or more').optional(),
  /** Only the sandbox sets it: without it the SDK talks to https://api.resend.com. */
  RESEND_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** Opens the mails and the weather of the sandbox. The runner makes up another one at each start. */
  SANDBOX_KEY: z.string().min(32, 'must have 32 characters or more').optional(),
  /** Without it no delivery report can be trusted: the webhook answers 503 and "sent" is final. */
  RESEND_WEBHOOK_SECRET: z
    .string()
    .refine(isWebhookSecret, 'must be whsec_ and then 24 to 64 bytes in base64')
    .optional(),
  /** `Name <address>` at a domain that you have verified with Resend. */
  EMAIL_FROM: z
    .string()
    .regex(/^([^<>\r\n]+<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/, 'must be an address, or Name <address>')
    .default('Behind the Scenes <onboarding@resend.dev>'),
  /** How many requests a second Resend lets your account make, until its answers say it. */
  RESEND_RATE_LIMIT: z.coerce.number().positive().max(1_000).default(10),
  /** The longest pause between two attempts to send, in seconds. */
  RETRY_MAX_SECONDS: z.coerce.number().positive().max(86_400).default(300),
  /** How many proxies of yours stand before the app. Each adds to `x-forwarded-for`; what is left of theirs is a claim. */
  TRUSTED_HOPS: z.coerce.number().int().min(0).max(10).default(0),
  /** A signup form that comes back sooner after its page was made is a program's, in seconds. 0: no matter when. */
  FORM_MIN_SECONDS: z.coerce.number().min(0).max(60).default(unlessInSandbox(2)),
  /** Whether only the app's own form may sign people up, and no other program. */
  FORM_ONLY: z.stringbool().default(false),
  // What strangers may do: see lib/protection/limits.ts. 0: as much as they like, and so it is in the sandbox unless set.
  LIMIT_SIGNUPS_PER_VISITOR: count(20),
  LIMIT_SIGNUPS_PER_MINUTE: count(300),
  LIMIT_MAILS_PER_MAILBOX: count(5),
  LIMIT_MAILS_PER_HOUR: count(1_000),
  LIMIT_REQUESTS_PER_VISITOR: count(600),
  LIMIT_CONNECTIONS_PER_VISITOR: count(500),
  LIMIT_CONNECTIONS: count(20_000),
  LIMIT_STREAMS_PER_VISITOR: count(50),
  LIMIT_STREAMS_PER_TICKET: count(20),
  LIMIT_STREAMS_PER_PROCESS: count(5_000),
  LIMIT_STREAM_SECONDS: count(3_600),
  LIMIT_WRONG_SIGNATURES: count(20),
  LIMIT_WRONG_PASSWORDS: count(10),
  LIMIT_EXPORTS_PER_USER: count(10), // orders
  /** Opens the details of /api/health: as a Bearer token, or as a password. */
  OPERATOR_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
  /** The port on which a worker tells how it is. Without it, a worker listens to nobody. */
  WORKER_PORT: z.coerce.number().int().min(1).max(65_535).optional(),
  /** Where traces and metrics go, by OTLP over HTTP, e.g. http://localhost:4318. Without it there are none. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  /** A line of the log is an object in JSON, or a sentence for people. */
  LOG_FORMAT: z.enum(['json', 'text']).default(process.env.NODE_ENV === 'development' ? 'text' : 'json'),
  // The password of the page /backstage. Without it, that page exists in the sandbox only. // stage
  BACKSTAGE_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(), // stage
  // Its cookie makes a browser the presenter's, while others may reach the sandbox. The runner makes one up. // stage
  PRESENTER_TOKEN: z.base64url().min(32, 'must have 32 characters or more').optional(), // stage
  // How many friends a user may invite, in all. 0: nobody can, and the page doesn't offer it. // orders
  INVITATIONS_PER_USER: z.coerce.number().int().min(0).max(100).default(0), // orders
  // A pause after each chapter of an export, in ms: in the sandbox, for an audience to see one at work. // orders
  EXPORT_PAUSE_MS: z.coerce.number().min(0).default(0), // orders
})

type Env = z.infer<typeof schema>
export type Setting = keyof Env

/** What only the sandbox reads (sandbox/settings.ts, which the compiler holds against this list). */
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

function count(unlessSet: number) {
  return z.coerce.number().int().min(0).default(unlessInSandbox(unlessSet))
}

// No strangers there, and a lecture hall is one address.
function unlessInSandbox(value: number): () => number {
  return () => (inSandbox() ? 0 : value)
}

/**
 * True when mail goes to the local stand-in for Resend. Its key is no secret, so the key alone opens nothing: the mail
 * must stay on this computer.
 */
export function inSandbox(): boolean {
  loadEnvFiles()
  const { RESEND_API_KEY, RESEND_BASE_URL = '' } = process.env
  if (RESEND_API_KEY !== 're_sandbox' || !URL.canParse(RESEND_BASE_URL)) return false
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(RESEND_BASE_URL).hostname)
}

/** As the Standard Webhooks specification has it. The library takes anything, and then refuses every report as forged. */
function isWebhookSecret(secret: string): boolean {
  const key = secret.slice('whsec_'.length)
  const { length } = Buffer.from(key, 'base64')
  return secret.startsWith('whsec_') && z.base64().safeParse(key).success && length >= 24 && length <= 64
}

let loaded = false

/** Adds to the environment what the `.env` files say, the same ones that Next reads. What is set already, stays. */
export function loadEnvFiles(): void {
  if (loaded) return
  loaded = true
  const dev = process.env.NODE_ENV === 'development'
  nextEnv.loadEnvConfig(process.cwd(), dev, { info() {}, error: console.error })
}

/**
 * One setting from the environment or from a `.env` file.
 * @throws {Error} when it is missing or malformed.
 */
export function env<Name extends keyof Env>(name: Name): Env[Name] {
  const { value, problem } = readSetting(name)
  if (problem) throw new Error(problem)
  return value as Env[Name]
}

const ALL = Object.keys(schema.shape) as Setting[]

/**
 * Ends a process when it starts, rather than at the first customer: one that lacks a setting, or that was given one which
 * nothing reads. Each problem is told on a line of its own.
 * @param names of the settings that this process needs; unless told, all
 */
export function requireEnv(names = ALL): void {
  const problems = [...names.flatMap((name) => readSetting(name).problem ?? []), ...listUnknown()]
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exit(1)
}

/** Settings that nothing reads, in the environment or a `.env` file, each as a sentence with the one that was meant. */
export function listUnknown(): string[] {
  loadEnvFiles()
  return findUnknown(process.env, [...ALL, ...SANDBOX_SETTINGS]).map(
    ({ name, meant }) => `${name}: nothing reads it. Did you mean ${meant}? See .env.example.`,
  )
}

function readSetting(name: keyof Env): { value?: unknown; problem?: string } {
  loadEnvFiles()
  // In an env file, an empty line `NAME=` means "not set".
  const given = process.env[name] || undefined
  const { success, data, error } = schema.shape[name].safeParse(given)
  if (success) return { value: data }
  const what = given === undefined ? 'is missing' : error.issues[0]?.message
  return { problem: `${name}: ${what}. See .env.example.` }
}

/** Names that begin like this are ours: in no other program do they mean anything. */
const OUR_PREFIXES = [
  'LIMIT_',
  'SANDBOX_',
  'BACKSTAGE_', // stage
  'PRESENTER_', // stage
  'INVITATIONS_', // orders
]

// Kubernetes and Docker tell a process of the services beside it: one that is called "sandbox" makes SANDBOX_PORT.
const SERVICE_NAME = /_SERVICE_(HOST|PORT)|_PORT_\d+_(TCP|UDP|SCTP)/
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//

/**
 * Finds settings that nothing reads: they have a name of ours and do not exist, or their name is a slip away from one
 * that is not set. Names of other programs are none of our business.
 * @param given the environment
 * @param known the names of all settings
 * @returns each with the one that was probably meant
 */
function findUnknown(given: NodeJS.ProcessEnv, known: readonly string[]): { name: string; meant: string }[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (!value || SERVICE_NAME.test(name) || SERVICE_ADDRESS.test(value)) return []
    const upper = name.toUpperCase()
    // On Windows, the letter case of a name means nothing.
    if (known.includes(process.platform === 'win32' ? upper : name)) return []
    const prefix = OUR_PREFIXES.find((prefix) => upper.startsWith(prefix))
    const candidates = known.filter((name) => name.startsWith(prefix ?? ''))
    const meant = candidates.find((name) => name.startsWith(upper)) ?? closest(upper, candidates)
    return prefix || (!given[meant] && isSlip(upper, meant)) ? [{ name, meant }] : []
  })
}

/** One letter in six is wrong, or two are swapped. In short names that is not enough: MAIL_FROM is no EMAIL_FROM. */
function isSlip(name: string, meant: string): boolean {
  if (meant.length < 12 && name.split('_')[0] !== meant.split('_')[0]) return false
  if (distance(name, meant) <= Math.min(2, meant.length / 6)) return true
  return distance(name, meant) === 2 && [...name].sort().join() === [...meant].sort().join()
}
