import { randomUUID } from 'node:crypto'
import { transactionWithQueue } from '../queue'
import { createSignup } from '../signup/signup'

/** Warms up code and connections with a signup that it rolls back. */
export async function rehearseSignup(): Promise<void> {
  const takenBack = new Error('The rehearsal is over')
  const person = { name: 'Rehearsal', email: `${randomUUID()}@rehearsal.invalid` }
  try {
    await transactionWithQueue(async (tx) => {
      await createSignup(tx, person)
      throw takenBack
    })
  } catch (error) {
    if (error !== takenBack) throw error
  }
}
