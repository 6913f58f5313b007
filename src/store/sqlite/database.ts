import { statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { Tables } from '../sql/rows.ts';

export interface SqliteOptions {
  readonly path: string;
  /** Most pages that the file may have; absent: no limit but the disk. Stands in for a full disk. */
  readonly max_page_count?: number | undefined;
}

/**
 * Opens the file for this process alone.
 * @throws what SQLite says: the file is another program's, in use, or damaged
 */
export function openDatabase({ path, max_page_count }: SqliteOptions): Kysely<Tables> {
  const database = new DatabaseSync(path);
  try {
    // Nobody else may open it; the lock is taken by the first write, below. In this mode the WAL needs no shared memory.
    database.exec('pragma locking_mode = exclusive');
    database.exec('pragma journal_mode = wal');
    // Each commit is on the disk before it is answered.
    database.exec('pragma synchronous = full');
    database.exec('pragma busy_timeout = 0');
    if (max_page_count !== undefined) database.exec(`pragma max_page_count = ${max_page_count}`);
    check(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapted(database) }) });
}

/** Bytes of a file that is read through at the start; a larger one would hold the start up for seconds. */
const READ_THROUGH = 256 * 1024 * 1024;

/** @throws when the file is damaged, as far as that shows at a glance or, in a file that is not too large, at all */
function check(database: DatabaseSync, path: string): void {
  const [found] = database
    .prepare(statSync(path).size <= READ_THROUGH ? 'pragma quick_check(1)' : 'pragma schema_version')
    .all();
  const { quick_check: verdict = 'ok' } = found ?? {};
  if (verdict !== 'ok') throw new Error(`database disk image is malformed: ${String(verdict)}`);
}

/** What Kysely asks of a database, said to node:sqlite. Statements are kept: there are few, and each is used for ever. */
function adapted(database: DatabaseSync) {
  const statements = new Map<string, ReturnType<typeof adaptedStatement>>();
  return {
    close: () => database.close(),
    prepare(text: string) {
      let statement = statements.get(text);
      if (statement === undefined) statements.set(text, (statement = adaptedStatement(database.prepare(text))));
      return statement;
    },
  };
}

function adaptedStatement(statement: StatementSync) {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
    run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)) as IterableIterator<unknown>,
  };
}
