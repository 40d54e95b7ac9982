/*
 * The stand-in for Resend alone, for tests that start everything else themselves. It reports to WEBHOOK_URL, signed with
 * RESEND_WEBHOOK_SECRET. SANDBOX_KEY opens its mails and /sandbox.
 */
import { randomBytes } from 'node:crypto'
import { startResend } from './resend'

const { WEBHOOK_URL: webhookUrl = '', RESEND_WEBHOOK_SECRET: webhookSecret = '' } = process.env
const { SANDBOX_KEY: sandboxKey = randomBytes(32).toString('base64url') } = process.env
const { url } = await startResend({ sandboxKey, latencyMs: 50, rateLimit: 10, webhookUrl, webhookSecret })
console.log(`READY ${url}`)
