import type { Clock, Task } from '../model.ts';
import { createDurableNotices } from './durable-notices.ts';
import type { Held, Known } from './journal-page.ts';
import { Journal } from './journal.ts';
import { matches } from './matches.ts';
import type { Batch, Committed } from './sql/batch.ts';
import type { Books } from './sql/books.ts';
import type { LimitRow, TaskRow } from './sql/rows.ts';
import { storable, taskOf } from './sql/task-row.ts';
import { countedOf, daysOf, firstDay } from './statistics.ts';
import type { Audit, Claimed, Room, Store, StoredDigest, TaskFilter } from './store.ts';

export interface DurableSettings {
  /** Seconds; 0 = for ever. */
  readonly task: { readonly max_age: number };
  readonly idempotency: { readonly max_age: number; readonly max_keys: number };
  readonly system: { readonly store_limit: number };
}

/** A task and the lease under which it may be written. */
export interface Taken {
  readonly row: TaskRow;
  readonly lease: number;
}

/** How unfinished tasks come into the hands of a process: where SQLite and PostgreSQL differ. */
export interface Source {
  readonly shared: boolean;
  /** Unix time in milliseconds by the store's clock. */
  now(): number;
  /**
   * Whether a newcomer is taken in hand at once, under this lease. Otherwise it is stored under it to wait, and `waits`
   * is told when it has been stored, or not.
   */
  admit(task: Task, place: boolean): { readonly lease: number; readonly waits?: (stored: boolean) => void };
  take(room: Room): Promise<{ readonly taken: readonly Taken[]; readonly more: boolean }>;
  listen(told: {
    readonly onWaiting: (lines?: readonly string[]) => void;
    readonly onLost: (ids: readonly string[]) => void;
  }): void;
  audit(now: number): Promise<Audit>;
  recover(id: string): Promise<void>;
  seize(id: string): Promise<Taken | undefined>;
  every(name: string, seconds: number, work: () => Promise<void>): void;
  /** Gives these back, for others to take. */
  release(held: readonly Held[]): Promise<void>;
  /** Of this process no other one may write a task from now on. */
  hold(id: string, lease: number): void;
  drop(id: string): void;
  close(): Promise<void>;
}

export interface DurableParts {
  readonly clock: Clock;
  readonly settings: () => DurableSettings;
  readonly books: Books;
  readonly source: Source;
  readonly epoch: number;
  /** As they are stored. */
  readonly limits: readonly LimitRow[];
  readonly onChange: (error: unknown) => void;
}

/** A store that survives its process: what happens is written by a journal, what is in hand is answered from memory. */
export function createDurableStore(parts: DurableParts): Store {
  const { clock, settings, source, epoch } = parts;
  const inHand = new Map<string, Held>();
  /** Tasks that have ended here: a late answer may still correct a result. */
  const ended = new WeakMap<Task, Held>();
  const remembered = new Map(parts.limits.map((row) => [row.key, row]));
  let lost: (task: Task) => void = () => {};
  const books = new Proxy(parts.books, {
    get:
      (all, method: keyof Books) =>
      (...args: never[]) =>
        asked((all[method] as (...args: never[]) => Promise<unknown>)(...args)),
  });

  /** A question that is not answered: is the store still there? */
  function asked<T>(answer: Promise<T>): Promise<T> {
    return answer.catch((error: unknown) => {
      journal.probe();
      throw new StoreUnavailable(error);
    });
  }

  const journal = new Journal(
    {
      clock,
      epoch,
      now: () => source.now(),
      claim_age: () => settings().idempotency.max_age,
      commit: (batch: Batch): Promise<Committed> => parts.books.commit(batch),
      held: (id) => inHand.get(id),
      onLost(held) {
        uncount(held.task);
        // It may have been taken here again since.
        if (inHand.get(held.task.id) === held && letGo(held.task)) lost(held.task);
      },
      onEnded(held) {
        letGo(held.task);
        ended.set(held.task, held);
      },
      onChange: parts.onChange,
    },
    parts.limits,
  );

  function hold(task: Task, lease: number): Task {
    const before = inHand.get(task.id);
    // Its lease had run out, and nobody was faster to take it than this process.
    if (before !== undefined && before.task !== task) {
      journal.forget(before);
      uncount(before.task);
      lost(before.task);
    }
    inHand.set(task.id, { task, lease });
    source.hold(task.id, lease);
    return task;
  }

  /** Undefined: it is somebody else's, were it another one of the same id in this process. */
  function heldOf(task: Task): Held | undefined {
    const held = inHand.get(task.id);
    return held?.task === task ? held : undefined;
  }

  /** Its end was counted, but whoever has it now will end it. */
  function uncount(task: Task): void {
    if (task.completed_at === undefined) return;
    for (const what of countedOf(task)) journal.count(what, -1);
    if (task.status === 'failed') journal.count('notices', -1);
  }

  /** False: it was not in hand. */
  function letGo({ id }: Task): boolean {
    source.drop(id);
    return inHand.delete(id);
  }

  /** Open tasks of a store that nobody shares: what is in hand as it stands, whose stored state may be behind, and the rest. */
  async function listOpen(filter: TaskFilter): ReturnType<Store['list']> {
    const { cursor, limit } = filter;
    const mine = [...inHand.values()].map(({ task }) => task).filter((task) => matches(task, filter));
    const found = cursor === undefined ? mine : mine.filter(({ id }) => id < cursor);
    for (let at = cursor, waiting = 0, more = true; more && waiting <= limit;) {
      const rows = await books.tasks({ ...filter, ...(at !== undefined && { cursor: at }) });
      const others = rows.filter(({ id }) => !inHand.has(id)).map(taskOf);
      found.push(...others);
      waiting += others.length;
      more = rows.length > limit;
      at = rows.at(-1)?.id;
    }
    return pageOf(
      found.toSorted((a, b) => (a.id < b.id ? 1 : -1)),
      limit,
    );
  }

  /** As it stands here; but where others may end it too, an end is told when it is written, and not before. */
  function liveOf(id: string): Task | undefined {
    const task = inHand.get(id)?.task;
    return task?.completed_at === undefined || !source.shared ? task : undefined;
  }

  const alive = (row: TaskRow): Task => liveOf(row.id) ?? taskOf(row);

  return {
    ...createDurableNotices({ books, now: () => source.now(), journal }),
    durable: true,
    shared: source.shared,
    epoch,
    get available() {
      return journal.available;
    },
    get lead() {
      return source.shared ? journal.pace : 0;
    },
    now: () => source.now(),

    async insert(task, claim, place = false) {
      const { lease, waits } = source.admit(task, place);
      const stored = await journal.insert(task, lease, claim);
      waits?.(stored.kind === 'stored');
      if (stored.kind === 'claimed') return replyOf(stored.claim, claim!.fingerprint);
      if (stored.kind !== 'stored') return { kind: stored.kind };
      if (waits === undefined) hold(task, lease);
      return { kind: 'inserted', held: waits === undefined };
    },

    async claimed(key, fingerprint) {
      // Without an answer it is looked for again where it is claimed.
      const claim = await books.claim(key).catch(() => undefined);
      if (claim === undefined) return undefined;
      if (!claim.open && claim.at < source.now() - settings().idempotency.max_age * 1000) return undefined;
      return replyOf(claim, fingerprint);
    },

    async get(id) {
      const task = liveOf(id);
      if (task) return task;
      const row = await books.task(id);
      return row && alive(row);
    },

    async list(filter) {
      if (!source.shared && (filter.status === 'pending' || filter.status === 'processing')) return listOpen(filter);
      const rows = await books.tasks(filter);
      return pageOf(rows.map(alive), filter.limit);
    },

    async take(room) {
      const { taken, more } = await asked(source.take(room));
      return { tasks: taken.map(({ row, lease }) => hold(taskOf(row), lease)), more };
    },

    listen({ onWaiting, onLost }) {
      lost = onLost;
      source.listen({
        onWaiting,
        onLost(ids) {
          for (const id of ids) {
            const held = inHand.get(id);
            if (held === undefined) continue;
            letGo(held.task);
            journal.forget(held);
            onLost(held.task);
          }
        },
      });
    },

    record(task, leaf, result) {
      task.results[leaf] = result;
      task.updated_at = source.now();
      const held = heldOf(task) ?? ended.get(task);
      if (held === undefined) return;
      // That it waits is worth writing for those who ask another process.
      const isNews = result !== undefined && (result.status !== 'processing' || result.trail !== undefined);
      if (isNews || source.shared) journal.task(held, isNews);
    },

    begin: (departure) => journal.begin(departure),

    attempted({ task, leaf, outcome, started_at, ms, timed_out, digest_id, ...rest }) {
      const held = heldOf(task) ?? ended.get(task);
      if (held === undefined) return;
      const { part, parts: count, platform, target } = rest;
      const failure = outcome.ok ? undefined : outcome;
      journal.attempt({
        task_id: task.id,
        lease: held.lease,
        leaf,
        started_at: Math.round(started_at),
        ms: Math.round(ms),
        part,
        parts: count,
        platform,
        target,
        outcome: failure?.kind ?? 'ok',
        code: failure?.code === undefined ? null : storable(failure.code),
        message: failure === undefined ? null : storable(failure.message),
        timed_out: Number(timed_out),
        digest_id: digest_id ?? null,
      });
    },

    paused: (limit) => journal.limit(limit),

    limit(key) {
      const row = remembered.get(key);
      remembered.delete(key);
      return row && { times: JSON.parse(row.times) as number[], paused_until: row.paused_until };
    },

    async digest(id): Promise<StoredDigest | undefined> {
      const row = await books.digest(id);
      return row && { id, members: JSON.parse(row.members) as StoredDigest['members'] };
    },

    async finish(task, notice) {
      const held = heldOf(task);
      if (held === undefined) return false;
      for (const what of countedOf(task)) journal.count(what);
      if (notice) journal.count('notices');
      return journal.end(held, notice);
    },

    async sweep() {
      const { task, idempotency, system } = settings();
      const retention = {
        now: source.now(),
        tasks: task.max_age === 0 ? source.now() : task.max_age * 1000,
        claims: idempotency.max_age * 1000,
        max_claims: idempotency.max_keys,
        max_notices: system.store_limit,
      };
      while (journal.available && (await books.sweep(retention)));
    },

    audit: () => asked(source.audit(source.now())),
    recover: (id) => asked(source.recover(id)),
    async seize(id) {
      const held = inHand.get(id);
      if (held) return held.task;
      const taken = await asked(source.seize(id));
      return taken && hold(taskOf(taken.row), taken.lease);
    },
    async statistics(days) {
      const now = source.now();
      return daysOf(await books.counts(firstDay(now, days)), now, days);
    },
    every: (name, seconds, work) => source.every(name, seconds, work),

    async close() {
      await journal.close();
      // What cannot be given back is taken over when its lease has run out.
      if (journal.available) await source.release([...inHand.values()]).catch(() => {});
      await Promise.allSettled([source.close(), books.close()]);
    },
  };
}

/** A question that was not answered: the store is down, or not what it should be. */
class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super(`the store gave no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'StoreUnavailable';
  }
}

/** @param tasks one more than `limit`, or more, if there is another page */
function pageOf(tasks: readonly Task[], limit: number): { tasks: Task[]; next_cursor?: string } {
  const page = tasks.slice(0, limit);
  return tasks.length > limit ? { tasks: page, next_cursor: page.at(-1)!.id } : { tasks: page };
}

function replyOf({ fingerprint, answer }: Pick<Known, 'fingerprint' | 'answer'>, asked: string): Claimed {
  return fingerprint === asked ? { kind: 'replayed', answer: JSON.parse(answer) } : { kind: 'conflict' };
}
