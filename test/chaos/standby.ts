import type { Postgres } from '../kit/postgres.ts';

/**
 * From now on a commit is answered only when the standby has it: then nothing is lost with the primary. Without that the
 * last answers before its death may be, and who was answered them has been promised too much.
 */
export async function replicatedAtOnce(primary: Postgres): Promise<void> {
  await primary.query(`alter system set synchronous_standby_names = '*'`);
  await primary.query('select pg_reload_conf()');
  const sql = `select 1 from pg_stat_replication where sync_state = 'sync'`;
  while ((await primary.query(sql)).length === 0);
}
