import { sign } from '../../faults/steps'
import type { Stack, Web } from '../../stack'
import { addEmails, refreshStatistics } from './backlog'
import { measureCpu, median } from './measure'
import { startAfresh } from './provider'
import type { Sizes } from './sizes'
import { type Findings, format } from './table'

const ROUNDS = 5

/** Measures the web server's cost of a delivery report, against an answer that is nearly nothing. */
export async function measureReports(stack: Stack, { reports }: Sizes): Promise<Findings> {
  await startAfresh(stack)
  const web = await stack.startWeb()
  try {
    const emails = await addSentEmails(stack, reports * (ROUNDS + 1))
    const report = async (): Promise<void> => {
      await send(stack, web, emails.pop() ?? '')
    }
    const nothing = async (): Promise<void> => {
      await (await fetch(`${web.url}/api`)).arrayBuffer()
    }
    const costs = { report: [] as number[], nothing: [] as number[] }
    for (let round = 0; round <= ROUNDS; round++) {
      const nothingMs = await measureCpu(web.pid, reports, nothing)
      const reportMs = await measureCpu(web.pid, reports, report)
      // The first round warms up.
      if (round === 0) continue
      costs.nothing.push(nothingMs)
      costs.report.push(reportMs)
    }
    return {
      title: `A DELIVERY REPORT: web CPU, ${ROUNDS} × ${reports}`,
      columns: ['median'],
      rows: [
        ['a signed report on a known mail', format(median(costs.report), 'ms')],
        ['an answer of nothing: GET /api, 404', format(median(costs.nothing), 'ms')],
        ['a report against nothing', `× ${format(median(costs.report) / median(costs.nothing))}`],
      ],
    }
  } finally {
    await web.kill('SIGKILL')
  }
}

/** Mails that the mail service has accepted, and of which nothing else is known. */
async function addSentEmails(stack: Stack, count: number): Promise<string[]> {
  const ids = await addEmails(stack, count)
  await stack.query(
    `WITH sent AS (UPDATE "Email" SET status = 'sent', attempts = 1, "providerId" = 'mail-of-' || id RETURNING id)
     INSERT INTO "EmailEvent" ("emailId", status) SELECT id, 'sent' FROM sent`,
  )
  await refreshStatistics(stack)
  return ids
}

/** Worded like Resend's: a real report is about this long. */
async function send(stack: Stack, web: Web, emailId: string): Promise<void> {
  const now = new Date().toISOString()
  const body = JSON.stringify({
    type: 'email.delivered',
    created_at: now,
    data: {
      email_id: `mail-of-${emailId}`,
      message_id: `<${emailId}@resend.dev>`,
      created_at: now,
      from: 'Behind the Scenes <onboarding@resend.dev>',
      to: [`${emailId}@example.com`],
      subject: 'Welcome to Behind the Scenes',
      tags: { email_id: emailId },
    },
  })
  const headers = sign(body, { secret: stack.env.RESEND_WEBHOOK_SECRET })
  const response = await fetch(`${web.url}/api/webhooks/resend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const answer = await response.text()
  if (response.status !== 200 || !answer.includes('true')) throw new Error(`${response.status} ${answer}`)
}
