import { randomUUID } from 'node:crypto'
import type { Snapshot } from '../../lib/status/status'
import { newAddress } from '../app'
import { sign } from './steps'
import type { World } from './world'

/** A user who signs up: the state of the browser, and the promises of the app. */
export type Person = {
  key: string
  body: { name: string; email: string }
  /** Resolves with the answer to the signup, when there is one. */
  signedUp: Promise<SignedUp>
  answer?: SignedUp
  /** The address that they gave instead. `isCertain`: the correction was answered, so it must be there in the end. */
  corrected?: { email: string; isCertain: boolean }
  /** From `asked` on, a replay may be answered 410. From `answered` on, it must be. */
  erasure?: 'asked' | 'answered'
}

type SignedUp = { text: string; cookie: string; emailId: string; userId: string }

const json = { 'content-type': 'application/json' }

/** Begins a signup. @param bounces whether the mail will come back */
export function signUp(world: World, bounces: boolean): Person {
  const email = bounces ? `bounced+${randomUUID()}@resend.dev` : newAddress()
  const person = { key: randomUUID(), body: { name: 'Ada', email } } as Person
  person.signedUp = postSignup(world, 'a signup', person, person.body, ({ status, text, headers }) => {
    if (status !== 201) return world.fault(`a signup was answered ${status} ${text}`)
    const { user, welcomeEmail } = JSON.parse(text)
    const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
    person.answer = { text, cookie, emailId: welcomeEmail.id, userId: user.id }
    return person.answer
  })
  world.begin('a signup', person.signedUp)
  world.count('signups')
  return person
}

/** Makes the same request once more, when it has been answered: the answer must be the same, byte for byte. */
export async function replay(world: World, person: Person): Promise<void> {
  const { text } = await person.signedUp
  const { erasure } = person
  await postSignup(world, 'a replay', person, person.body, (answer) => {
    if (answer.status === 410) {
      if (!person.erasure) world.fault('a replay was answered 410 without an erasure')
      if (answer.headers.has('set-cookie')) world.fault('a 410 set a cookie')
    } else if (answer.status !== 201) {
      world.fault(`a replay was answered ${answer.status} ${answer.text}`)
    } else if (erasure === 'answered') {
      world.fault('a replay was answered 201 after the erasure')
    } else if (answer.text !== text) {
      world.fault(`a replay was answered ${answer.text} and not ${text}`)
    }
    return true
  })
  world.count('replays')
}

/** Uses the key for another request, when the first has been answered: a 422, whatever became of the user. */
export async function misuseKey(world: World, person: Person): Promise<void> {
  await person.signedUp
  await postSignup(
    world,
    'a misused key',
    person,
    { name: 'Eve', email: newAddress() },
    ({ status, text }) => {
      if (status !== 422) world.fault(`a misused key was answered ${status} ${text}`)
      return true
    },
  )
  world.count('misused keys')
}

function postSignup<Result>(
  world: World,
  what: string,
  { key }: Person,
  body: Person['body'],
  respond: Parameters<typeof world.ask<Result>>[3],
): Promise<Result> {
  const headers = { ...json, 'idempotency-key': key }
  return world.ask(what, '/api/users', { method: 'POST', headers, body: JSON.stringify(body) }, respond)
}

/** Asks to be erased. */
export async function erase(world: World, person: Person): Promise<void> {
  const { emailId, cookie } = await person.signedUp
  person.erasure ??= 'asked'
  const target = `/api/tickets/${emailId}/erasure`
  await world.ask('an erasure', target, { method: 'POST', headers: { cookie } }, ({ status, text }) => {
    // 404: an earlier request was heard, and its answer lost.
    if (![202, 204, 404].includes(status)) world.fault(`an erasure was answered ${status} ${text}`)
    person.erasure = 'answered'
    return true
  })
  world.count('erasures')
}

/** Gives another address, should the mail come back. */
export async function correct(world: World, person: Person): Promise<void> {
  const { emailId, cookie } = await person.signedUp
  const isBack = await readTicket(world, emailId, ({ final, status }) =>
    final ? status === 'bounced' || status === 'suppressed' : undefined,
  )
  if (!isBack || person.corrected) return
  const email = newAddress()
  const corrected = { email, isCertain: false }
  person.corrected = corrected
  const init = { method: 'POST', headers: { ...json, cookie }, body: JSON.stringify({ email }) }
  await world.ask('a correction', `/api/tickets/${emailId}/address`, init, ({ status, text }) => {
    if (status === 202) corrected.isCertain = true
    // 409: an earlier request was heard, and its answer lost. 404: erased meanwhile.
    else if (status !== 409 && !(status === 404 && person.erasure))
      world.fault(`a correction was answered ${status} ${text}`)
    return true
  })
  world.count('corrections')
}

/** Reports something about a mail when it was sent: twice, late, or for the first time. */
export async function reportOn(world: World, person: Person, type: string): Promise<void> {
  const { emailId } = await person.signedUp
  const { stack } = world
  const wasSent = await readTicket(world, emailId, ({ status }) =>
    ['queued', 'sending', 'retrying'].includes(status) ? undefined : true,
  )
  const [email] = await stack.query<{ providerId: string | null }>(
    'SELECT "providerId" FROM "Email" WHERE id = $1',
    [emailId],
  )
  if (!wasSent || !email?.providerId) return
  const bounce = type === 'email.bounced' ? { bounce: { type: 'Permanent' } } : {}
  const data = { email_id: email.providerId, tags: { email_id: emailId }, ...bounce }
  const body = JSON.stringify({ type, created_at: new Date().toISOString(), data })
  const headers = sign(body, { id: `msg_${person.key}_${type}`, secret: stack.env.RESEND_WEBHOOK_SECRET })
  // To the web server whose clock is right: another one refuses what seems to have been signed long ago.
  const target = `${stack.appUrl}/api/webhooks/resend`
  await world.ask('a report', target, { method: 'POST', body, headers }, ({ status, text }) => {
    if (status !== 200) world.fault(`a report was answered ${status} ${text}`)
    return true
  })
  world.count('reports')
}

/** Reads a ticket until `find` returns something. @returns false when its user is erased */
function readTicket(
  world: World,
  emailId: string,
  find: (snapshot: Snapshot) => boolean | undefined,
): Promise<boolean> {
  return world.ask('a ticket', `/api/emails/${emailId}`, {}, ({ status, text }) =>
    status === 404 ? false : find(JSON.parse(text)),
  )
}
