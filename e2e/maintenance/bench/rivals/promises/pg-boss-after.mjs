import { openBoss } from './pg-boss.mjs'
import { insertUser, openPool } from './users.mjs'

export { migrate, packages, pending, rows, work } from './pg-boss.mjs'
export const title = 'pg-boss after the commit'

export async function openSignup() {
  const pool = openPool()
  const boss = await openBoss()
  return async (input) => {
    const userId = await insertUser(pool, input)
    await boss.send('welcome', { userId })
  }
}
