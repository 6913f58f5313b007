import { randomUUID } from 'node:crypto';
import { Kysely, PostgresDialect } from 'kysely';
import { type DurableParts, createDurableStore } from '../durable.ts';
import { createBooks } from '../sql/books.ts';
import { postgresDialect } from '../sql/dialect.ts';
import type { Tables } from '../sql/rows.ts';
import type { Store } from '../store.ts';
import { createLeases } from './leases.ts';
import { migrateTables, wordsOf } from './migrate.ts';
import { createPool } from './pool.ts';
import { createSource } from './source.ts';
import { createTime } from './time.ts';
import { transactIn } from './transact.ts';

export interface PostgresStoreOptions extends Pick<DurableParts, 'clock' | 'settings' | 'onChange'> {
  readonly url: string;
  /** Seconds of silence after which another process takes a task over. */
  readonly lease: number;
  /** What went wrong in the background, where it goes on by itself. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Keeps everything in PostgreSQL; any number of processes share it.
 * @throws Error that says what is wrong with the server and what to do
 */
export async function openPostgresStore({
  clock,
  settings,
  onChange,
  onFault,
  url,
  lease,
}: PostgresStoreOptions): Promise<Store> {
  const pool = createPool(url);
  // Questions, however many and slow, must not keep anything from being recorded.
  const writing = createPool(url);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const replica = randomUUID();
  const leases = createLeases({ url, lease, replica, onError: onFault });
  try {
    await migrateTables(db);
    await leases.start();
    const transact = transactIn(writing, db);
    const books = createBooks(db, postgresDialect, transact, leases);
    const epoch = await books.begin(clock.now());
    const limits = await books.limits();
    const time = await createTime(db, clock);
    let isAvailable = () => true;
    const source = createSource({
      db,
      writing,
      transact,
      books,
      leases,
      clock,
      url,
      lease,
      replica,
      epoch,
      time,
      onFault,
      isAvailable: () => isAvailable(),
    });
    const store = createDurableStore({ clock, settings, onChange, books, source, epoch, limits });
    isAvailable = () => store.available;
    return store;
  } catch (error) {
    await Promise.allSettled([leases.stop(), db.destroy(), writing.end()]);
    throw new Error(wordsOf(error), { cause: error });
  }
}
