/*
 * The stand-in for Resend alone, for tests that bring everything else themselves. WEBHOOK_URL and RESEND_WEBHOOK_SECRET
 * say where it reports to.
 */
import { startResend } from './resend'

const { WEBHOOK_URL: webhookUrl = '', RESEND_WEBHOOK_SECRET: webhookSecret = '' } = process.env
const { url } = await startResend({ latencyMs: 50, rateLimit: 10, webhookUrl, webhookSecret })
console.log(`READY ${url}`)
