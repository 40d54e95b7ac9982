import { randomUUID } from 'node:crypto'
import { prisma } from '../db/prisma'
import { openQueue } from '../queue'
import { createSignup } from '../signup/signup'

/**
 * Signs somebody up and takes it back before anybody can see it, so that the first who really signs up waits for no
 * connection and no code.
 * @throws when the database or the queue is unavailable
 */
export async function rehearseSignup(): Promise<void> {
  const takenBack = new Error('The rehearsal is over')
  const somebody = { name: 'Rehearsal', email: `${randomUUID()}@rehearsal.invalid` }
  await openQueue()
  try {
    await prisma().$transaction(async (tx) => {
      await createSignup(tx, somebody)
      throw takenBack
    })
  } catch (error) {
    if (error !== takenBack) throw error
  }
}
