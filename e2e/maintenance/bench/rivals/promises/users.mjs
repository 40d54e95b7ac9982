import pg from 'pg'

/** Connections as node-postgres documents them, with a listener for `error`. */
export function openPool() {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
  pool.on('error', (error) => console.error(error.message))
  return pool
}

export async function createUsers() {
  const pool = openPool()
  await pool.query(
    `CREATE TABLE users (
       id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, email text NOT NULL UNIQUE
     )`,
  )
  await pool.end()
}

/** Returns the id. */
export async function insertUser(db, { name, email }) {
  const { rows } = await db.query('INSERT INTO users (name, email) VALUES ($1, $2) RETURNING id', [
    name,
    email,
  ])
  return rows[0].id
}

export async function readUser(db, id) {
  const { rows } = await db.query('SELECT name, email FROM users WHERE id = $1', [id])
  return rows[0]
}

/** As in https://node-postgres.com/features/transactions. */
export async function transact(pool, run) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await run(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
