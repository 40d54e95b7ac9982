/*
 * The stand-in for Resend alone, for tests that bring everything else themselves. WEBHOOK_URL and RESEND_WEBHOOK_SECRET
 * say where it reports to, and SANDBOX_KEY opens its mails and /sandbox.
 */
import { randomBytes } from 'node:crypto'
import { startResend } from './resend'

const { WEBHOOK_URL: webhookUrl = '', RESEND_WEBHOOK_SECRET: webhookSecret = '' } = process.env
const { SANDBOX_KEY: sandboxKey = randomBytes(32).toString('base64url') } = process.env
const { url } = await startResend({ sandboxKey, latencyMs: 50, rateLimit: 10, webhookUrl, webhookSecret })
console.log(`READY ${url}`)
