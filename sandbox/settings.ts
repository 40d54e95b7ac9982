import { z } from 'zod'
import { listUnknown, type SandboxSetting } from '../lib/env'

const schema = z.object({
  /** Of the web server. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Holds the database and the file `env`. */
  SANDBOX_DIR: z.string().default('.sandbox'),
  /** How long the local Resend takes to answer. */
  SANDBOX_LATENCY_MS: z.coerce.number().int().min(0).max(600_000).default(3000),
  /** How many requests to send the local Resend lets through in a second, as the real one does; 0: all. */
  SANDBOX_RATE_LIMIT: z.coerce.number().int().min(0).default(10),
  /** 0: start your own in another terminal. */
  SANDBOX_WORKERS: z.coerce.number().int().min(0).max(100).default(1),
  /** What the app has for an API key. With another one than the sandbox's own it runs as in production, limits and all. */
  SANDBOX_API_KEY: z.string().startsWith('re_').default('re_sandbox'),
  /** The folder with the programs of a Postgres of your own, in the place of the one that npm installed. */
  SANDBOX_POSTGRES_BIN: z.string().optional(),
  /** Keep traces, for "Behind this ticket". */
  SANDBOX_TRACES: z.stringbool().default(true),
  /** Start with an empty database. */
  SANDBOX_FRESH: z.stringbool().default(false),
} satisfies Record<SandboxSetting | 'PORT', z.ZodType>)

/** What the sandbox itself can be told by the environment. @throws {Error} naming what is malformed, and what nothing reads */
export function readSettings(): z.infer<typeof schema> {
  const given = Object.entries(process.env).filter(([, value]) => value !== '')
  const settings = schema.safeParse(Object.fromEntries(given))
  const problems = [...(settings.error ? [z.prettifyError(settings.error)] : []), ...listUnknown()]
  if (!settings.success || problems.length > 0)
    throw new Error(`Check the environment:\n${problems.join('\n')}`)
  return settings.data
}
