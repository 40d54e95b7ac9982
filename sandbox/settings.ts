import { z } from 'zod'
import { listUnknown, type SandboxSetting } from '../lib/env'

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Holds the database and the file `env`. */
  SANDBOX_DIR: z.string().default('.sandbox'),
  /** The delay of every answer of the local Resend. */
  SANDBOX_LATENCY_MS: z.coerce.number().int().min(0).max(600_000).default(3000),
  /** Requests to send a second that the local Resend accepts. 0: no limit. */
  SANDBOX_RATE_LIMIT: z.coerce.number().int().min(0).default(10),
  /** 0: none; start workers in other terminals. */
  SANDBOX_WORKERS: z.coerce.number().int().min(0).max(100).default(1),
  /** The app's API key. With another key than the default, the app runs as in production, with limits. */
  SANDBOX_API_KEY: z.string().startsWith('re_').default('re_sandbox'),
  /** The folder with the programs of another Postgres than npm's. */
  SANDBOX_POSTGRES_BIN: z.string().optional(),
  /** Keep traces, for "Behind this ticket". */
  SANDBOX_TRACES: z.stringbool().default(true),
  /** Start with an empty database. */
  SANDBOX_FRESH: z.stringbool().default(false),
} satisfies Record<SandboxSetting | 'PORT', z.ZodType>)

/** Reads the sandbox's settings from the environment. @throws {Error} naming each malformed or unknown setting */
export function readSettings(): z.infer<typeof schema> {
  const given = Object.entries(process.env).filter(([, value]) => value !== '')
  const settings = schema.safeParse(Object.fromEntries(given))
  const problems = [
    ...(settings.error ? [z.prettifyError(settings.error)] : []),
    ...listUnknown().map(({ sentence }) => sentence),
  ]
  if (!settings.success || problems.length > 0)
    throw new Error(`Check the environment:\n${problems.join('\n')}`)
  return settings.data
}
