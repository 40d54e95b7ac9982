import path from 'node:path'
import { listPages } from './routes'

interface Facts {
  appUrl: string
  /** Holds the settings for other terminals. */
  envFile: string
  dev: boolean
  workers: number
  /** The address on which other computers reach the app. */
  host: string | undefined
  /** Whether it was opened to the phones of a room. */
  shared: boolean
}

export async function printBanner({ appUrl, envFile, dev, workers, host, shared }: Facts): Promise<void> {
  const { RESEND_API_KEY, RESEND_BASE_URL } = process.env
  // The other pages exist only with the sandbox's key.
  const pages = (await listPages())
    .filter((page) => RESEND_API_KEY === 're_sandbox' || page === '/')
    // The link below opens it. // stage
    .filter((page) => page !== '/presenter') // stage
  const inbox = pages.includes('/inbox') ? `${appUrl}/inbox` : RESEND_BASE_URL
  const env = path.relative('', envFile)
  const join =
    env === path.join('.sandbox', 'env')
      ? 'npm run demo:worker'
      : `node --import tsx --env-file=${env} worker/index.ts`
  const web = dev ? 'web server in development mode' : 'web server'
  const database = new URL(process.env.DATABASE_URL ?? '').host
  const reach = shared
    ? `everyone in your network, at ${appUrl}`
    : host
      ? `every computer that reaches ${host}, which also sees the mails`
      : 'this computer only (for phones nearby: npm run demo -- --share)'
  console.log(`
  Pages    ${pages.join('  ')}
  Open to  ${reach}
  Running  ${web}, ${count(workers, 'worker')}, Postgres at ${database}
  Mail     ${inbox ? `stays on this computer: ${inbox}` : 'goes out through Resend'}
  Rows     npm run dashboard, or a Postgres client with the DATABASE_URL of ${env}
  Join in  another worker, in another terminal: ${join}
  Stop     Ctrl-C
`)
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
