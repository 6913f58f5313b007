import { type Kysely, sql } from 'kysely';
import type { Clock } from '../../model.ts';
import type { Tables } from '../sql/rows.ts';

/** The clock of the database, from that of this process that does not jump. */
export interface Time {
  now(): number;
  set(): Promise<void>;
}

/** @throws what the database says */
export async function createTime(db: Kysely<Tables>, clock: Clock): Promise<Time> {
  let base = 0;
  const time: Time = {
    now: () => Math.round(base + clock.monotonic()),
    async set() {
      const asked = clock.monotonic();
      const { rows } = await sql<{ now: number }>`
        select extract(epoch from clock_timestamp()) * 1000 as now`.execute(db);
      base = rows[0]!.now - (asked + clock.monotonic()) / 2;
    },
  };
  await time.set();
  return time;
}
