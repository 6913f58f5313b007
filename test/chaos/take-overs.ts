import { Client } from 'pg';
import { migratePostgres } from '../../src/store/postgres/migrate.ts';
import { type OpenTask, inFlightOf } from './stored.ts';
import type { Loss } from './world.ts';

/** What the database itself has written down each time a task changed hands. */
export interface TakeOvers {
  /** Each of them, with what its owner had in flight. */
  losses(): Promise<Loss[]>;
  /** How many there have been. */
  count(): Promise<number>;
}

/**
 * A trigger of the harness: whoever writes a new lease into a row that had an owner leaves behind what that owner had
 * recorded, in the same transaction. Nothing that the servers say of themselves, and nobody can be too late to look.
 */
const WATCH = `
create schema chaos;
create table chaos.take_overs (
  n bigserial primary key,
  at double precision not null default extract(epoch from clock_timestamp()) * 1000,
  id text not null,
  message text not null,
  results text not null
);
create function chaos.note() returns trigger language plpgsql as $$
begin
  insert into chaos.take_overs (id, message, results) values (old.id, old.message, old.results);
  return null;
end $$;
create trigger take_over after update of lease on pushserver.tasks for each row
  when (old.lease is distinct from new.lease and old.lease <> -1) execute function chaos.note();
`;

/** Milliseconds by which the clock of the database and that of this process, on the same machine, may differ. */
const DRIFT = 50;

/** Makes the tables of an empty database, and watches them. */
export async function watchTakeOvers(url: string): Promise<TakeOvers> {
  await migratePostgres(url);
  await rowsOf(url, WATCH);
  return {
    async losses() {
      const rows = await rowsOf<OpenTask & { at: number }>(url, 'select * from chaos.take_overs order by n');
      // Row by row: the members of a digest may have come into different hands, each of which sends its own again.
      return rows.map((row) => ({
        from: row.at - performance.timeOrigin - DRIFT,
        // Who has been frozen in the middle of a request goes on with it.
        until: Infinity,
        inFlight: inFlightOf([row]),
      }));
    },
    async count() {
      const [row] = await rowsOf<{ count: string }>(url, 'select count(*) from chaos.take_overs');
      return Number(row!.count);
    },
  };
}

/** The rows of one statement, on a connection of its own. */
export async function rowsOf<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}
