import { Kysely, PostgresDialect, sql } from 'kysely';
import { postgresDialect } from '../sql/dialect.ts';
import { migrate } from '../sql/migrations.ts';
import type { Tables } from '../sql/rows.ts';
import { createLeases } from './leases.ts';
import { SCHEMA, createPool } from './pool.ts';

/**
 * Brings all tables up to date, those of pg-boss too.
 * @throws Error that says what is wrong with the server and what to do
 */
export async function migratePostgres(url: string): Promise<readonly string[]> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: createPool(url) }) });
  const leases = createLeases({ url, lease: 1, replica: '', onError: () => {} });
  try {
    const applied = await migrateTables(db);
    await leases.start();
    return applied;
  } catch (error) {
    throw new Error(wordsOf(error), { cause: error });
  } finally {
    await Promise.allSettled([leases.stop(), db.destroy()]);
  }
}

/** Brings our tables up to date. Returns the names of the migrations that were applied. */
export async function migrateTables(db: Kysely<Tables>): Promise<string[]> {
  const { rows } = await sql<{
    number: number;
  }>`select current_setting('server_version_num')::integer as number`.execute(db);
  if (rows[0]!.number < OLDEST)
    throw new Error(`PostgreSQL ${Math.floor(rows[0]!.number / 10_000)} is too old: 14 is the oldest that works`);
  // Under a lock: of two processes that start together on an empty database one would fail.
  await db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(hashtext(${SCHEMA}))`.execute(tx);
    await sql`create schema if not exists ${sql.id(SCHEMA)}`.execute(tx);
  });
  return migrate(db, postgresDialect);
}

const OLDEST = 140_000;

/** What is wrong with the server, and what to do. */
export function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = REMEDIES[code] ?? 'check store.url, and that the server is up';
  return `store.url: ${message}; ${remedy}`;
}

/** By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html, or the system's code. */
const REMEDIES: Readonly<Record<string, string>> = {
  '28P01': 'check user and password in store.url',
  '28000': 'check user and password in store.url, and pg_hba.conf of the server',
  '3D000': 'create the database first: createdb pushserver',
  '42501': 'the user needs the right to create schemas in the database: grant create on database … to …',
  ECONNREFUSED: 'nothing listens there: check host and port in store.url, and that the server is up',
  ENOTFOUND: 'check the host name in store.url',
};
