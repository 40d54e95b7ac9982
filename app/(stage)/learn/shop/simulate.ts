/** The time of a request to the mail service, with any number of mails. All times are in ms. */
export const REQUEST_MS = 500
/** The mail service accepts one request in this time, which is ten a second. */
export const TURN_MS = 100

export type Order = { id: number; at: number; kind: 'welcome' | 'letter' }

/** The settings of the shop from a moment on. */
export type Shop = {
  from: number
  workers: number
  /** The most mails in one request. */
  batch: number
  welcomesFirst: boolean
}

export type Mail = Order & { takenAt?: number; sentAt?: number }
export type Request = { at: number; sentAt: number; worker: number; mails: Mail[] }
export type Course = { mails: Mail[]; requests: Request[] }

/** A line, and how many have left it: `shift` is slow with thousands. */
type Line = { mails: Mail[]; left: number }
type Lines = Record<Order['kind'], Line>

/**
 * Simulates what happens to each order. When a turn comes, a free worker takes the waiting mails. The result depends only
 * on the arguments.
 * @param orders by time
 * @param shops by time, the first from 0
 */
export function simulate(orders: Order[], shops: Shop[], requestMs = REQUEST_MS): Course {
  const mails = orders.map((order): Mail => ({ ...order }))
  const requests: Request[] = []
  const lines: Lines = { welcome: { mails: [], left: 0 }, letter: { mails: [], left: 0 } }
  const busyUntil = Array.from({ length: Math.max(...shops.map(({ workers }) => workers)) }, () => 0)
  let come = 0
  let turn = 0
  let now = 0

  while (now < Number.POSITIVE_INFINITY) {
    for (let mail = mails[come]; mail && mail.at <= now; mail = mails[++come])
      lines[mail.kind].mails.push(mail)
    const shop = shops.findLast(({ from }) => from <= now) as Shop
    const worker = busyUntil.slice(0, shop.workers).findIndex((until) => until <= now)
    const batch = worker >= 0 && turn <= now ? takeBatch(lines, shop) : []
    if (batch.length > 0) {
      const sentAt = now + requestMs
      for (const mail of batch) Object.assign(mail, { takenAt: now, sentAt })
      requests.push({ at: now, sentAt, worker, mails: batch })
      busyUntil[worker] = sentAt
      turn = now + TURN_MS
    }
    const events = [turn, mails[come]?.at ?? 0, ...busyUntil, ...shops.map(({ from }) => from)]
    // Infinity when there are no more events.
    now = Math.min(...events.filter((at) => at > now))
  }
  return { mails, requests }
}

function takeBatch(lines: Lines, { batch, welcomesFirst }: Shop): Mail[] {
  const taken: Mail[] = []
  while (taken.length < batch) {
    const line = nextLine(lines, welcomesFirst)
    const mail = line.mails[line.left]
    if (!mail) break
    line.left++
    taken.push(mail)
  }
  return taken
}

function nextLine({ welcome, letter }: Lines, welcomesFirst: boolean): Line {
  const [first, other] = [welcome.mails[welcome.left], letter.mails[letter.left]]
  if (!first) return letter
  return !other || welcomesFirst || first.at <= other.at ? welcome : letter
}
