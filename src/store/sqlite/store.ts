import type { Clock, Result } from '../../model.ts';
import { type DurableParts, type Source, createDurableStore } from '../durable.ts';
import { createOwnTime } from '../own-time.ts';
import { createPeriods } from '../periods.ts';
import type { Books } from '../sql/books.ts';
import type { TaskRow } from '../sql/rows.ts';
import { isUrgent } from '../sql/task-row.ts';
import type { Store, StoredDigest } from '../store.ts';
import { openSqliteBooks } from './books.ts';
import type { SqliteOptions } from './database.ts';
import { Queues } from './queues.ts';

export type SqliteStoreOptions = SqliteOptions & Pick<DurableParts, 'clock' | 'settings' | 'onChange'>;

/**
 * Keeps everything in one file, for one process.
 * @throws Error that says what is wrong with the file and what to do
 */
export async function openSqliteStore({ clock, settings, onChange, ...options }: SqliteStoreOptions): Promise<Store> {
  const books = await openSqliteBooks(options);
  const epoch = await books.begin(clock.now());
  const [open, limits] = await Promise.all([books.open(), books.limits()]);
  return createDurableStore({
    clock,
    settings,
    onChange,
    books,
    epoch,
    limits,
    source: sourceOf(books, new Queues(open), clock),
  });
}

/** There is nobody else: the lease is always the same. */
const LEASE = 0;

/** Most tasks read at once: the thread of the file is not to be kept from writing. */
const PAGE = 500;

/** Milliseconds after which the audit wonders about a task: what has only just come, or is about to end, is in order. */
const PATIENCE = 60_000;

function sourceOf(books: Books, queues: Queues, clock: Clock): Source {
  const periods = createPeriods(clock);
  const own = createOwnTime(clock);
  /** Found by the audit; they go first. */
  let recovered: string[] = [];
  let waiting = () => {};
  /** What is in hand. Some of it was taken out of turn: its turn must not come. */
  const held = new Set<string>();
  const isFree = ({ id }: TaskRow) => !held.has(id);

  /** The other members of digests that were cut by a crash: a digest leaves as a whole, whatever places there are. */
  async function siblingsOf(rows: readonly TaskRow[]): Promise<TaskRow[]> {
    const ids = new Set(rows.flatMap(digestsOf));
    const digests = await Promise.all([...ids].map((id) => books.digest(id)));
    const members = digests.flatMap((digest) =>
      digest ? (JSON.parse(digest.members) as StoredDigest['members']) : [],
    );
    const known = new Set(rows.map(({ id }) => id));
    const missing = [...new Set(members.map(({ task_id }) => task_id))].filter((id) => !known.has(id) && !held.has(id));
    return missing.length === 0 ? [] : books.unfinished(missing);
  }

  return {
    shared: false,
    now: () => own.now(),
    admit(task, place) {
      const urgent = Number(isUrgent(task));
      if (place && !queues.has(task.line, urgent)) return { lease: LEASE };
      // The clock was set back before the start: its turn has been.
      if (queues.isPast(task.id, task.line, urgent))
        return { lease: LEASE, waits: (stored) => void (stored && recovered.push(task.id)) };
      return { lease: LEASE, waits: queues.add(task.id, task.line, urgent) };
    },
    async take(room) {
      const rows: TaskRow[] = recovered.length === 0 ? [] : await books.unfinished(recovered.splice(0, room.free));
      const page = queues.page({ ...room, free: room.free - rows.length }, PAGE);
      const found = page.length === 0 ? [] : await books.next(page);
      for (const { line, urgent, most } of page) {
        const mine = found.filter((row) => row.line === line && row.urgent === urgent);
        queues.taken(
          { line, urgent },
          mine.map(({ id }) => id),
          most,
        );
      }
      const taken = [...rows, ...found].filter(isFree);
      for (const { id } of taken) held.add(id);
      // Those are in hand by now, whatever becomes of this question.
      const siblings = (await siblingsOf(taken).catch(() => [])).filter(isFree);
      return {
        taken: [...taken, ...siblings].map((row) => ({ row, lease: LEASE })),
        more: !queues.isEmpty || recovered.length > 0,
      };
    },
    listen({ onWaiting }) {
      waiting = onWaiting;
    },
    async audit(time) {
      if (held.size === 0 && queues.isEmpty) own.set();
      const [unowned, overdue] = await Promise.all([
        books.unowned([...held], queues.all(), time - PATIENCE),
        books.overdue(time - PATIENCE),
      ]);
      const isWaiting = new Set(recovered);
      return { unowned: unowned.filter(({ id }) => !isWaiting.has(id)), overdue };
    },
    async recover(id) {
      await books.takenUp(id);
      held.delete(id);
      recovered.push(id);
      waiting();
    },
    async seize(id) {
      held.add(id);
      const [row] = await books.unfinished([id]);
      if (row === undefined) held.delete(id);
      return row && { row, lease: LEASE };
    },
    every: (_name, seconds, work) => periods.every(seconds, work),
    // They wait in the file.
    async release() {},
    hold: (id) => held.add(id),
    drop: (id) => held.delete(id),
    close: async () => periods.stop(),
  };
}

/** The digests in which a task was out when it was stored. */
function digestsOf({ results }: TaskRow): string[] {
  // Most tasks have none, and need not be parsed for that.
  if (!results.includes('"digest_id"')) return [];
  return (JSON.parse(results) as (Result | null)[]).flatMap((result) => result?.trail?.digest_id ?? []);
}
