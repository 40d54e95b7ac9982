import { query } from '../../../stack'
import { type App, startWorker } from './app'

/** More than the longest lease, graphile-worker's 4 h, and less than the 23 h and 24 h of keys. */
const HOURS = 5

/**
 * Lets all leases run out: every time in the database is moved into the past, which is the same as a clock that is put
 * forward, and the worker is started afresh.
 */
export async function age(app: App): Promise<void> {
  const { place, contender, worker } = app
  await worker?.stop()
  await query(place.databaseUrl, MOVE_TIMES)
  await contender.age?.(place)
  await startWorker(app, true)
}

const MOVE_TIMES = `
DO $$
DECLARE
  moved record;
BEGIN
  -- No trigger shall take this for something that has happened.
  SET LOCAL session_replication_role = replica;
  FOR moved IN
    SELECT format('%I.%I', table_schema, table_name) AS name,
      string_agg(format('%1$I = %1$I - interval ''${HOURS} h''', column_name), ', ') AS changes
    FROM information_schema.columns
    JOIN pg_class ON pg_class.oid = format('%I.%I', table_schema, table_name)::regclass AND relkind = 'r'
    WHERE data_type LIKE 'timestamp%' AND is_generated = 'NEVER'
      AND table_schema NOT IN ('pg_catalog', 'information_schema')
    GROUP BY 1
  LOOP
    EXECUTE format('UPDATE %s SET %s', moved.name, moved.changes);
  END LOOP;
END $$`
