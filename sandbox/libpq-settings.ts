/**
 * Removes the settings of another database from the environment. `pg` reads PGSSLMODE, PGOPTIONS and others, also when it has
 * a URL, and the server reads PGDATESTYLE. The sandbox's Postgres has no TLS.
 */
export function ignoreLibpqSettings(): void {
  for (const name of Object.keys(process.env)) if (/^PG[A-Z]+$/.test(name)) delete process.env[name]
  Object.assign(process.env, { PGSSLMODE: 'disable', PGSSLNEGOTIATION: 'postgres' })
}
