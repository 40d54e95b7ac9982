import { openBoss } from './pg-boss.mjs'
import { insertUser, openPool, transact } from './users.mjs'

export { migrate, packages, pending, rows, work } from './pg-boss.mjs'
export const title = 'pg-boss inside the transaction'

export async function openSignup() {
  const pool = openPool()
  const boss = await openBoss()
  return (input) =>
    transact(pool, async (client) => {
      const userId = await insertUser(client, input)
      const db = { executeSql: (text, values) => client.query(text, values) }
      await boss.send('welcome', { userId }, { db })
    })
}
