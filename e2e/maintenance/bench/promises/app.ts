import { findPort, type Stack } from '../../../stack'
import { type OwnRedis, openOwnRedis } from '../redis'
import type { Contender, Place } from './contender'
import { type Provider, startProvider } from './provider'
import { type Supervised, supervise } from './supervise'

/** A contender at work, with a database, a mail account and processes of its own. */
export type App = {
  contender: Contender
  place: Place
  provider: Provider
  redis?: OwnRedis
  web: Supervised
  /** Does the jobs. Without a worker, the web server does them. */
  worker?: Supervised
  /** The answer that each address got. */
  answers: Map<string, 'ok' | 'error'>
  /** When the trouble was over, in ms since 1970. */
  calmAt: number
}

const templates = new Map<string, Promise<string>>()
let databases = 0

/** Starts everything but the worker. */
export async function openApp(stack: Stack, contender: Contender): Promise<App> {
  const provider = await startProvider()
  const redis = contender.redis && (await openOwnRedis(contender.redis))
  const place: Place = {
    databaseUrl: await createDatabase(stack, contender),
    redisUrl: redis?.url ?? '',
    resendUrl: provider.url,
    port: await findPort(),
  }
  const web = supervise(() => contender.startWeb(place))
  await web.untilReady()
  return { contender, place, provider, redis, web, answers: new Map(), calmAt: 0 }
}

/** Starts the worker, if the contender has one. */
export async function startWorker(app: App, hurry = false): Promise<void> {
  const { startWorker } = app.contender
  if (!startWorker) return
  app.worker = supervise(() => startWorker(app.place, hurry))
  await app.worker.untilReady()
}

export async function closeApp(stack: Stack, { web, worker, redis, provider, place }: App): Promise<void> {
  await Promise.all([web.stop(), worker?.stop()])
  await Promise.all([redis?.stop(), provider.stop()])
  await stack.query(`DROP DATABASE ${new URL(place.databaseUrl).pathname.slice(1)} WITH (FORCE)`)
}

/** A copy of what the contender's own migration made of an empty database. */
async function createDatabase(stack: Stack, contender: Contender): Promise<string> {
  const template = templates.get(contender.id) ?? createTemplate(stack, contender)
  templates.set(contender.id, template)
  const name = `race_${++databases}`
  await stack.query(`CREATE DATABASE ${name} TEMPLATE ${await template}`)
  return toUrl(stack, name)
}

async function createTemplate(stack: Stack, contender: Contender): Promise<string> {
  const name = `template_${contender.id.replaceAll('-', '_')}`
  await stack.query(`CREATE DATABASE ${name}`)
  await contender.migrate(toUrl(stack, name))
  return name
}

function toUrl(stack: Stack, database: string): string {
  const url = new URL(stack.databaseUrl)
  url.pathname = database
  return url.href
}
