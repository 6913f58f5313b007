import { type RawBuilder, sql } from 'kysely';

export type ColumnType = 'text' | 'bigint';

/** Where SQLite and PostgreSQL differ, as far as the tables are concerned. */
export interface Dialect {
  /** Type of a text that is compared byte by byte. */
  readonly text: RawBuilder<unknown>;
  /** Type of a key that counts up by itself. */
  readonly serial: RawBuilder<unknown>;
  /** What ends CREATE TABLE for a table that is little more than its key. */
  readonly keyed: RawBuilder<unknown>;
  /** And for one whose rows change several times: with room for that in each page, no index has to be touched. */
  readonly lively: RawBuilder<unknown>;
  /**
   * A JSON array of objects as a table `r` with these columns: one parameter for any number of rows, so that a statement
   * is compiled once.
   */
  rows(json: string, columns: Readonly<Record<string, ColumnType>>): RawBuilder<unknown>;
}

export const sqliteDialect: Dialect = {
  text: sql`text`,
  serial: sql`integer`,
  keyed: sql` without rowid`,
  lively: sql``,
  rows(json, columns) {
    const names = Object.keys(columns).map((name) => `value ->> '${name}' as ${name}`);
    return sql`(select ${sql.raw(names.join(', '))} from json_each(${json})) as r`;
  },
};

export const postgresDialect: Dialect = {
  text: sql`text collate "C"`,
  serial: sql`integer generated always as identity`,
  keyed: sql``,
  lively: sql` with (fillfactor = 60)`,
  rows(json, columns) {
    const names = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
    return sql`json_to_recordset(${json}::json) as r(${sql.raw(names.join(', '))})`;
  },
};
