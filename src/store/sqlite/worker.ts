/** The thread that has the file: waiting for the disk here holds up no request. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Books, createBooks } from '../sql/books.ts';
import { sqliteDialect } from '../sql/dialect.ts';
import { migrate } from '../sql/migrations.ts';
import { type SqliteOptions, openDatabase } from './database.ts';
import { transactIn } from './transact.ts';
import { type Answer, type Call, faultOf } from './call.ts';

const port = parentPort!;
const db = openDatabase(workerData as SqliteOptions);
await migrate(db, sqliteDialect);
const books = createBooks(db, sqliteDialect, transactIn(db));

// One after the other: a transaction must not be mixed with what else is asked.
let last: Promise<unknown> = Promise.resolve();
port.on('message', (call: Call) => {
  last = last.then(() => answer(call));
});
port.postMessage('open');

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const value = await (books[method as keyof Books] as (...args: readonly unknown[]) => Promise<unknown>)(...args);
    port.postMessage({ id, value } satisfies Answer);
  } catch (error) {
    port.postMessage({ id, fault: faultOf(error) } satisfies Answer);
  }
  if (method === 'close') port.close();
}
