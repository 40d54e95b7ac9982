import nextEnv from '@next/env'
import { z } from 'zod'

const schema = z.object({
  /** A PostgreSQL connection string. LISTEN needs a session: no proxy that pools by transaction. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** How many connections a process may have for its queries. Those for the queue and for LISTEN come on top. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).default(10),
  /** Where people reach the app, e.g. https://example.org. Requests from other origins are refused. */
  APP_URL: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
  RESEND_API_KEY: z.string(),
  /** Only the sandbox sets it: without it the SDK talks to https://api.resend.com. */
  RESEND_BASE_URL: z.url().optional(),
  /** Without it no delivery report can be trusted: the webhook answers 503 and "sent" is final. */
  RESEND_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[\w+/]+=*$/, 'must start with whsec_')
    .optional(),
  /** `Name <address>` at a domain that you have verified with Resend. */
  EMAIL_FROM: z
    .string()
    .regex(/^([^<>\r\n]+<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/, 'must be an address, or Name <address>')
    .default('Behind the Scenes <onboarding@resend.dev>'),
  /** How many requests a second Resend lets your account make, until its answers say it. */
  RESEND_RATE_LIMIT: z.coerce.number().positive().max(1_000).default(10),
  /** The longest pause between two attempts to send, in seconds. */
  RETRY_MAX_SECONDS: z.coerce.number().positive().default(300),
  /** The password of the page /backstage. Without it, that page exists in the sandbox only. */
  BACKSTAGE_TOKEN: z.string().min(16, 'must have 16 characters or more').optional(),
  /** How many friends a user may invite, in all. 0: nobody can, and the page doesn't offer it. */
  INVITATIONS_PER_USER: z.coerce.number().int().min(0).max(100).default(0),
  /** A pause after each chapter of an export, in ms. Only the sandbox sets it, for an audience to see one at work. */
  EXPORT_PAUSE_MS: z.coerce.number().min(0).default(0),
})

type Env = z.infer<typeof schema>

let loaded = false

/**
 * One setting from the environment or from a `.env` file (the same files that Next reads).
 * @throws {Error} when it is missing or malformed.
 */
export function env<Name extends keyof Env>(name: Name): Env[Name] {
  if (!loaded) {
    nextEnv.loadEnvConfig(process.cwd(), process.env.NODE_ENV === 'development', {
      info() {},
      error: console.error,
    })
    loaded = true
  }
  // In an env file, an empty line `NAME=` means "not set".
  const result = schema.shape[name].safeParse(process.env[name] || undefined)
  if (!result.success) throw new Error(`${name}: ${result.error.issues[0]?.message}. See .env.example.`)
  return result.data as Env[Name]
}

const ALL = Object.keys(schema.shape) as (keyof Env)[]

/**
 * Stops a process that lacks a setting when it starts, rather than at the first customer.
 * @throws {Error} naming the first setting that is missing or malformed.
 */
export function requireEnv(names = ALL): void {
  for (const name of names) env(name)
}
