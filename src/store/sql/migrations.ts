import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Dialect } from './dialect.ts';
import type { Tables } from './rows.ts';

/**
 * Brings the tables up to date, under a lock: of several processes that start together one does it.
 * @returns the names of the migrations that were applied now
 * @throws what the database says; nothing of the migration that failed has been applied then
 */
export async function migrate(db: Kysely<Tables>, dialect: Dialect): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsOf(dialect) } });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
  return results.filter((one) => one.status === 'Success').map((one) => one.migrationName);
}

/** By name, in order. One that has been released is never changed: the next one changes what it made. */
function migrationsOf(dialect: Dialect): Record<string, Migration> {
  return { '0001_tables': { up: (db) => tables(db as Kysely<Tables>, dialect) } };
}

async function tables(db: Kysely<Tables>, { text, serial, keyed, lively }: Dialect): Promise<void> {
  const statements = [
    sql`create table tasks (
      id ${text} primary key,
      alias ${text} not null,
      recipient text not null,
      strategy text not null,
      platform text,
      message text not null,
      priority integer not null,
      plan text,
      copies text not null,
      line ${text} not null,
      urgent integer not null,
      created_at bigint not null,
      deadline bigint not null,
      updated_at bigint not null,
      completed_at bigint,
      status text not null,
      ended text,
      outcome text,
      error text,
      results text not null,
      lease bigint not null,
      taken_up integer not null
    )${lively}`,
    // Unfinished tasks, by turn.
    sql`create index tasks_open on tasks (line, urgent, id) where completed_at is null`,
    // For GET /api/v1/tasks?status= and ?recipient=.
    sql`create index tasks_ended on tasks (ended, id) where ended is not null`,
    sql`create index tasks_alias on tasks (alias, id)`,
    // For retention.
    sql`create index tasks_completed on tasks (completed_at) where completed_at is not null`,
    // For GET /api/v1/tasks?platform=.
    sql`create table task_platforms (
      platform ${text} not null,
      task_id ${text} not null,
      primary key (platform, task_id)
    )${keyed}`,
    sql`create index task_platforms_task on task_platforms (task_id)`,
    sql`create table claims (
      key ${text} primary key,
      fingerprint text not null,
      task_id ${text} not null,
      answer text not null,
      at bigint not null
    )`,
    sql`create index claims_at on claims (at)`,
    sql`create table attempts (
      task_id ${text} not null,
      leaf integer not null,
      started_at bigint not null,
      part integer not null,
      parts integer not null,
      platform text not null,
      target text not null,
      ms bigint not null,
      outcome text not null,
      code text,
      message text,
      timed_out integer not null,
      digest_id text,
      primary key (task_id, leaf, started_at, part)
    )${keyed}`,
    sql`create table limits (
      key ${text} primary key,
      version bigint not null,
      times text not null,
      paused_until bigint not null,
      updated_at bigint not null
    )`,
    sql`create table digests (
      id ${text} primary key,
      members text not null,
      created_at bigint not null
    )`,
    sql`create index digests_created on digests (created_at)`,
    sql`create table notices (
      id ${text} primary key,
      title text not null,
      message text not null,
      type text not null,
      strategy text not null,
      style text not null,
      task_id ${text} not null,
      reason text not null,
      created_at bigint not null,
      status text not null,
      announced integer not null
    )`,
    sql`create index notices_created on notices (created_at, id)`,
    sql`create index notices_silent on notices (created_at) where announced = 0`,
    sql`create table counts (
      day text not null,
      epoch integer not null,
      what text not null,
      count bigint not null,
      primary key (day, epoch, what)
    )`,
    sql`create table starts (epoch ${serial} primary key, at bigint not null)`,
  ];
  for (const statement of statements) await statement.execute(db);
}
