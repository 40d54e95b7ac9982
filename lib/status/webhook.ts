import { Resend } from 'resend'
import { z } from 'zod'
import { env } from '../env'
import { Problem, unavailable } from '../http/problem'
import { log, logThrottled } from '../log'
import { traced } from '../telemetry'
import type { EmailFact } from './record'
import { recordTogether } from './record-together'
import { statusOfBounce } from './status'

type StatusFact = Pick<EmailFact, 'status' | 'reason'>

/** https://resend.com/docs/webhooks/event-types */
const STATUS_BY_TYPE: Record<string, (data: ReportData) => StatusFact> = {
  'email.sent': () => ({ status: 'sent' }),
  'email.delivery_delayed': () => ({ status: 'delayed' }),
  'email.delivered': () => ({ status: 'delivered' }),
  'email.bounced': ({ bounce }) => {
    const reason = toCode(bounce?.type) ?? 'undetermined'
    return { status: statusOfBounce(reason), reason }
  },
  'email.complained': () => ({ status: 'complained' }),
  'email.failed': ({ failed }) => ({ status: 'failed', reason: toCode(failed?.reason) }),
  'email.suppressed': ({ suppressed }) => ({ status: 'suppressed', reason: toCode(suppressed?.type) }),
}

const tags = z.union([
  z.record(z.string(), z.string()),
  // A list in some of Resend's examples.
  z.array(z.object({ name: z.string(), value: z.string() })).transform(toMap),
])

const typeSchema = z.object({ type: z.string() })

/** Resend's ids have about thirty characters. An index entry of Postgres has room for 2,700 bytes. */
const reportId = z.string().max(255)

type ReportData = z.output<typeof reportSchema>['data']

const reportSchema = z.object({
  created_at: z.iso
    .datetime({ offset: true })
    .transform((time) => new Date(time))
    .optional()
    .catch(undefined),
  data: z.object({
    // ASCII, because Postgres rejects NUL and lone surrogates.
    email_id: z
      .string()
      .regex(/^[\x20-\x7e]*$/)
      .transform((id) => (id === '' || id.length > 100 ? undefined : id))
      .optional(),
    tags: tags.optional().catch(undefined),
    bounce: z.object({ type: z.string() }).optional().catch(undefined),
    suppressed: z.object({ type: z.string() }).optional().catch(undefined),
    failed: z.object({ reason: z.string() }).optional().catch(undefined),
  }),
})

/** Verifies a webhook. @throws {Problem} 401 when signature or age is wrong, 400 when it is not JSON, 503 without a secret */
export function verifyReport(body: string, headers: Headers): unknown {
  const secret = env('RESEND_WEBHOOK_SECRET')
  if (!secret) throw unavailable('No webhook secret is configured.')
  try {
    const id = headers.get('svix-id') ?? ''
    const timestamp = headers.get('svix-timestamp') ?? ''
    const signature = headers.get('svix-signature') ?? ''
    // `verify` makes no request.
    const { webhooks } = new Resend(env('RESEND_API_KEY'))
    return webhooks.verify({ payload: body, headers: { id, timestamp, signature }, webhookSecret: secret })
  } catch (error) {
    if (error instanceof SyntaxError) throw new Problem(400, 'Malformed JSON')
    logThrottled(
      'Rejected a webhook: wrong signature, or an old timestamp. Check RESEND_WEBHOOK_SECRET, and the clock of this computer.',
    )
    throw new Problem(401, 'Wrong signature')
  }
}

/**
 * Records the report of a webhook. @returns false for an unknown mail, or when nothing is new
 * @throws {Problem} 400 when malformed, 503 when too many come.
 */
export async function receiveReport(report: unknown, { headers, signal }: Request): Promise<boolean> {
  const { type } = parse(typeSchema, report)
  const readStatus = Object.hasOwn(STATUS_BY_TYPE, type) ? STATUS_BY_TYPE[type] : undefined
  if (!readStatus) return false
  const { created_at, data } = parse(reportSchema, report)
  const emailTag = z.guid().safeParse(data.tags?.email_id)

  const fact = {
    // The tag is in the mail. Resend's id is stored only after its answer, which may come later than this report.
    emailId: emailTag.data?.toLowerCase(),
    providerId: data.email_id,
    ...readStatus(data),
    at: created_at,
    providerEventId: parse(reportId, headers.get('svix-id')),
  }
  const from = data.tags?.trace
  const attributes = fact.emailId ? { 'email.ids': [fact.emailId] } : {}
  return await traced(`report ${fact.status}`, () => storeReport(fact, signal), { from, attributes })
}

async function storeReport(fact: EmailFact, signal: AbortSignal): Promise<boolean> {
  const emailId = await recordTogether(fact, signal)
  if (emailId) log.info({ emailId }, `reported as ${fact.status}`)
  return emailId !== undefined
}

function parse<Output>(schema: z.ZodType<Output>, json: unknown): Output {
  const result = schema.safeParse(json)
  if (!result.success) throw new Problem(400, 'Malformed webhook')
  return result.data
}

// Reasons are public. A code has no address, but a sentence of Resend may quote one.
function toCode(reason: string | undefined): string | undefined {
  return reason && /^\w{1,40}$/.test(reason) ? reason.toLowerCase() : undefined
}

function toMap(list: { name: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(list.map(({ name, value }) => [name, value]))
}
