/** The thread of the SQLite file, with a disk that is full on demand: `full` and `free` come over the channel `disk`. */
import { DatabaseSync } from 'node:sqlite';

/** The file, once it has been said the first words, which are about the lock. */
let database: DatabaseSync | undefined;
// oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
const exec = DatabaseSync.prototype.exec;
DatabaseSync.prototype.exec = function (sql) {
  // oxlint-disable-next-line typescript/no-this-alias -- that is what is wanted
  database ??= this;
  exec.call(this, sql);
};

const orders = new BroadcastChannel('disk');
orders.addEventListener('message', (order) => {
  // Fewer pages than there are means: no more than there are.
  const pages = (order as MessageEvent).data === 'full' ? 1 : MOST_PAGES;
  database!.exec(`pragma max_page_count = ${pages}`);
});
orders.unref();

/** https://www.sqlite.org/limits.html */
const MOST_PAGES = 4_294_967_294;

await import('../../src/store/sqlite/worker.ts');
