/*
 * npm run mail
 *
 * Shows every kind of mail with sample data, and reloads when a template changes. It sends nothing, and needs no
 * database and no key.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { escapeHtml } from '../lib/http/escape-html'
import { signLinks } from '../lib/mail/links'
import { writeMessage } from '../lib/mail/message'
import { type EmailKind, TEMPLATES } from '../lib/mail/templates'
import type { Template } from '../lib/mail/templates/letter'
import { readArguments } from '../lib/ops/arguments'
import '../lib/output'
import { startLoopbackServer } from './loopback-server'
import { findPort } from './ports'

readArguments('npm run mail', {})
process.env.APP_URL ||= 'http://localhost:3000'
// The key signs the links.
process.env.RESEND_API_KEY ||= 're_preview'

async function answer({ url }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url === '/live') {
    // The stream stays open until the next edit restarts this program.
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 200\n\n')
    return
  }
  const kinds = Object.keys(TEMPLATES) as EmailKind[]
  const sections = await Promise.all(kinds.map(showMail))
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(HEAD + sections.join(''))
}
const options = { port: await findPort(Number(process.env.PORT || 3030)), hasPages: true }
const { url } = await startLoopbackServer(answer, options)
console.log(`The mails: ${url.replace('127.0.0.1', 'localhost')}`)

async function showMail(kind: EmailKind): Promise<string> {
  const user = { name: 'Ada Lovelace', email: 'ada@example.com', confirmedAt: null }
  const id = '1a2b3c4d-0000-4000-8000-000000000000'
  try {
    const { slots = [] }: Template = await TEMPLATES[kind]()
    const data = Object.fromEntries(slots.map((slot) => [slot, `[${slot}]`]))
    const message = await writeMessage({ id, kind, recipient: null, user, data })
    const { from, to, subject, html, text } = signLinks(message, new Date())
    return `<h2>${kind}</h2><p>From ${escapeHtml(from)} to ${escapeHtml(to)}: <b>${escapeHtml(subject)}</b></p><div>
      <iframe sandbox title="${kind}" width="680" height="760" srcdoc="${escapeHtml(html)}"></iframe>
      <iframe sandbox title="${kind} on a phone" width="360" height="760" srcdoc="${escapeHtml(html)}"></iframe>
      <pre>${escapeHtml(text)}</pre></div>`
  } catch (error) {
    return `<h2>${kind}</h2><pre>${escapeHtml((error as Error).stack ?? '')}</pre>`
  }
}

const HEAD = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Mails</title><style>
  body { font: 16px/1.5 system-ui; margin: 2rem } div { display: flex; gap: 1rem; overflow-x: auto }
  iframe { border: 1px solid #bbb; flex: none } pre { width: 26rem; flex: none; white-space: pre-wrap; margin: 0 }
</style><script>
  const live = new EventSource('/live')
  // The template does not compile. The terminal says why.
  live.onerror = () => (document.body.style.opacity = 0.4)
  live.onopen = () => document.body.style.opacity && location.reload()
</script>`
