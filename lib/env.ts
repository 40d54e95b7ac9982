import nextEnv from '@next/env'
import { z } from 'zod'

const schema = z.object({
  /** A PostgreSQL connection string. LISTEN needs a session: no transaction-pooling proxy. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Where people reach the app, e.g. https://example.org. Requests from other origins are refused. */
  APP_URL: z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin),
  RESEND_API_KEY: z.string().min(1),
  /** Only the sandbox sets it; without it the SDK talks to https://api.resend.com. */
  RESEND_BASE_URL: z.url().optional(),
  /** Without it no delivery report can be trusted: the webhook answers 503 and "sent" is final. */
  RESEND_WEBHOOK_SECRET: z.string().startsWith('whsec_').optional(),
  /** `Name <address>` at a domain that you have verified with Resend. */
  EMAIL_FROM: z.string().min(1).default('Behind the Scenes <onboarding@resend.dev>'),
})

export type Env = z.infer<typeof schema>

let cached: Env | undefined

/**
 * The settings of this process, read once from the environment and from `.env` files (as Next does it).
 * @throws {Error} naming every variable that is missing or malformed.
 */
export function env(): Env {
  if (cached) return cached
  nextEnv.loadEnvConfig(process.cwd(), process.env.NODE_ENV !== 'production', { info() {}, error: console.error })
  // An empty line `NAME=` in an env file means "not set".
  const result = schema.safeParse(
    Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== '')),
  )
  if (!result.success) throw new Error(`Check the environment:\n${z.prettifyError(result.error)}`)
  cached = result.data
  return cached
}

/** The key that the sandbox hands out. The real Resend refuses it, so what it unlocks is never real mail. */
export const SANDBOX_API_KEY = 're_sandbox'

/** True when mail goes to the local stand-in for Resend, whose mails everybody may read. */
export function inSandbox(): boolean {
  return env().RESEND_API_KEY === SANDBOX_API_KEY
}
