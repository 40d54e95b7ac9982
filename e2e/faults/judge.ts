import type { Stack } from '../stack'
import { isOpenJob, judgeEmails } from './oracle'
import type { Person } from './people'

/*
 * The oracle for people who may correct their addresses, and be erased.
 */

type Books = Pick<Stack, 'query' | 'setProvider'>

/**
 * Judges a run when everything has come to rest.
 * @param people exactly the users who signed up
 * @returns what is wrong, as sentences
 */
export async function judgePeople(stack: Books, people: Person[]): Promise<string[]> {
  const faults = await judgeEmails(stack)
  const { emails: books } = await stack.setProvider({})
  for (const [id, { accepted }] of Object.entries(books))
    if (accepted > 1) faults.push(`${id}: ${accepted} mails sent`)

  const users = await readUsers(stack)
  for (const person of people) {
    const { answer, erasure } = person
    if (!answer) faults.push(`${person.key}: never answered`)
    else if (erasure) faults.push(...(await judgeErased(stack, answer.userId, users)))
    else faults.push(...judgeUser(person, users.get(answer.userId)))
  }
  const batches = await stack.query('SELECT FROM "Batch"')
  if (batches.length > 0) faults.push(`${batches.length} batches unfinished`)
  const known = new Set(people.map(({ answer }) => answer?.userId))
  for (const id of users.keys()) if (!known.has(id)) faults.push(`user ${id}: unknown`)
  return faults
}

type User = { id: string; email: string; emailIds: string[] }

async function readUsers(stack: Books): Promise<Map<string, User>> {
  const users = await stack.query<User>(
    `SELECT id, email, array(SELECT id FROM "Email" WHERE "userId" = "User".id ORDER BY "createdAt") AS "emailIds"
     FROM "User"`,
  )
  return new Map(users.map((user) => [user.id, user]))
}

function judgeUser({ body, answer, corrected }: Person, user: User | undefined): string[] {
  if (!user) return [`user ${answer?.userId}: answered with 201, and lost`]
  const { id, email, emailIds } = user
  const faults: string[] = []
  const isCorrected = email === corrected?.email
  if (!isCorrected && email !== body.email) faults.push(`user ${id}: has an address that no request named`)
  if (!isCorrected && corrected?.isCertain) faults.push(`user ${id}: the correction is lost`)
  if (emailIds[0] !== answer?.emailId) faults.push(`user ${id}: has another email than was answered`)
  const due = isCorrected ? 2 : 1
  if (emailIds.length !== due) faults.push(`user ${id}: has ${emailIds.length} emails instead of ${due}`)
  return faults
}

async function judgeErased(stack: Books, id: string, users: Map<string, User>): Promise<string[]> {
  const jobs = await stack.query(`SELECT FROM pgboss.job WHERE ${isOpenJob} AND data::text LIKE $1`, [
    `%${id}%`,
  ])
  const faults: string[] = []
  if (users.has(id)) faults.push(`user ${id}: asked to be erased, and is still there`)
  if (jobs.length > 0) faults.push(`user ${id}: erased, and ${jobs.length} jobs left`)
  return faults
}

/** How many deadlocks Postgres has ended. Each connection tells its own up to ten seconds later, or when it closes. */
export async function countDeadlocks(stack: Books): Promise<number> {
  const [row] = await stack.query<{ deadlocks: number }>(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  )
  return row?.deadlocks ?? 0
}
