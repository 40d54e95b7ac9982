/*
 * The stand-in for Resend alone, for tests that start everything else themselves. It reports to WEBHOOK_URL, signed with
 * RESEND_WEBHOOK_SECRET.
 */
import { startResend } from './resend'

const { WEBHOOK_URL: webhookUrl = '', RESEND_WEBHOOK_SECRET: webhookSecret = '' } = process.env
const { url } = await startResend({ latencyMs: 50, rateLimit: 10, webhookUrl, webhookSecret })
console.log(`READY ${url}`)
