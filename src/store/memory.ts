import type { Clock, Task } from '../model.ts';
import { createNotices } from './memory-notices.ts';
import { createOwnTime } from './own-time.ts';
import { createPeriods } from './periods.ts';
import { matches } from './matches.ts';
import { type Counted, countedOf, dayOf, daysOf } from './statistics.ts';
import type { Claim, Store } from './store.ts';

export interface MemorySettings {
  readonly task: { readonly max_age: number; readonly store_limit: number };
  readonly idempotency: { readonly max_age: number; readonly max_keys: number };
  readonly system: { readonly store_limit: number };
}

interface Remembered extends Claim {
  readonly task_id: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Milliseconds after which the audit wonders: what has only just been accepted, or is about to end, is nobody's fault. */
const PATIENCE = 60_000;

/** Days whose counts are kept. */
const MOST_DAYS = 366;

/** Keeps everything in this process; a restart forgets it. */
export function createMemoryStore(clock: Clock, settings: () => MemorySettings): Store {
  const tasks = new Map<string, Task>();
  /** Ids of all tasks in the order of their creation (UUIDs of version 7 sort that way), with holes for removed ones. */
  let order: string[] = [];
  /** Finished tasks, first finished first; `finishedHead` is the first that is kept. */
  let finished: Task[] = [];
  let finishedHead = 0;
  const claims = new Map<string, Remembered>();
  /** By day, then by what is counted. */
  const counts = new Map<string, Map<Counted, number>>();

  function count(what: Counted): void {
    const today = dayOf(time.now());
    let of = counts.get(today);
    if (of === undefined) {
      counts.set(today, (of = new Map()));
      if (counts.size > MOST_DAYS) counts.delete(counts.keys().next().value!);
    }
    of.set(what, (of.get(what) ?? 0) + 1);
  }

  const periods = createPeriods(clock);
  const time = createOwnTime(clock);
  const isOpen = (task: Task | undefined) => task !== undefined && task.completed_at === undefined;
  const notices = createNotices(
    () => settings().system.store_limit,
    () => count('notices'),
  );

  function look(key: string, fingerprint: string) {
    const claim = claims.get(key);
    if (claim === undefined) return undefined;
    if (time.now() - claim.at > settings().idempotency.max_age * 1000 && !isOpen(tasks.get(claim.task_id))) {
      claims.delete(key);
      return undefined;
    }
    return claim.fingerprint === fingerprint
      ? ({ kind: 'replayed', answer: claim.answer } as const)
      : ({ kind: 'conflict' } as const);
  }

  /** Drops the oldest keys above the bound; a key of an unfinished task is put behind the others instead. */
  function trimClaims(): void {
    for (let tries = claims.size; claims.size > settings().idempotency.max_keys && tries > 0; tries--) {
      const [key, claim] = claims.entries().next().value!;
      claims.delete(key);
      if (isOpen(tasks.get(claim.task_id))) claims.set(key, claim);
    }
  }

  /** Drops finished tasks above the bound or past their age. */
  function trimTasks(oldest: number): void {
    const { store_limit } = settings().task;
    while (finishedHead < finished.length) {
      const task = finished[finishedHead]!;
      if (finished.length - finishedHead <= store_limit && task.completed_at! >= oldest) break;
      tasks.delete(task.id);
      finishedHead++;
    }
    if (finishedHead > 1024 && finishedHead * 2 > finished.length) {
      finished = finished.slice(finishedHead);
      finishedHead = 0;
    }
    if (order.length > 1024 && order.length > tasks.size * 2) order = order.filter((id) => tasks.has(id));
  }

  return {
    ...notices,
    durable: false,
    shared: false,
    epoch: 0,
    available: true,
    lead: 0,
    now: () => time.now(),

    async insert(task, claim) {
      if (claim) {
        const known = look(claim.key, claim.fingerprint);
        if (known) return known;
        claims.set(claim.key, { ...claim, task_id: task.id, at: task.created_at });
      }
      tasks.set(task.id, task);
      order.push(task.id);
      if (claim) trimClaims();
      count('accepted');
      return HELD;
    },

    claimed: async (key, fingerprint) => look(key, fingerprint),
    get: async (id) => tasks.get(id),

    async list(filter) {
      const found: Task[] = [];
      let at = filter.cursor === undefined ? order.length : firstNotBelow(order, filter.cursor);
      while (at > 0 && found.length <= filter.limit) {
        const task = tasks.get(order[--at]!);
        if (task && matches(task, filter)) found.push(task);
      }
      if (found.length <= filter.limit) return { tasks: found };
      const page = found.slice(0, filter.limit);
      return { tasks: page, next_cursor: page.at(-1)!.id };
    },

    // Nothing waits here that is not in hand.
    take: async () => ({ tasks: [], more: false }),
    listen() {},

    record(task, leaf, result) {
      task.results[leaf] = result;
      task.updated_at = time.now();
    },
    begin: () => 'go',
    attempted() {},
    paused() {},
    limit: () => undefined,
    digest: async () => undefined,

    async finish(task, notice) {
      if (notice) await notices.addNotice(notice);
      for (const what of countedOf(task)) count(what);
      finished.push(task);
      trimTasks(-Infinity);
      return true;
    },

    async sweep() {
      const { max_age } = settings().task;
      if (max_age > 0) trimTasks(time.now() - max_age * 1000);
      const oldest = time.now() - settings().idempotency.max_age * 1000;
      for (const [key, claim] of claims) {
        if (claim.at < oldest && !isOpen(tasks.get(claim.task_id))) claims.delete(key);
      }
    },

    async audit(held) {
      if (held.length === 0) time.set();
      const open = [...tasks.values()].filter((task) => isOpen(task) && task.created_at < time.now() - PATIENCE);
      const mine = new Set(held);
      return {
        unowned: open.filter(({ id }) => !mine.has(id)).map(({ id }) => ({ id, taken_up: 0 })),
        overdue: open.filter(({ deadline }) => deadline < time.now() - PATIENCE).map(({ id }) => id),
      };
    },
    async recover() {},
    async seize(id) {
      const task = tasks.get(id);
      return isOpen(task) ? task : undefined;
    },
    async statistics(days) {
      const rows = [...counts].flatMap(([day, of]) => [...of].map(([what, n]) => ({ day, what, count: n })));
      return daysOf(rows, time.now(), days);
    },
    every: (_name, seconds, work) => periods.every(seconds, work),

    close: async () => periods.stop(),
  };
}

const HELD = { kind: 'inserted', held: true } as const;

/** Index of the first id that is not smaller, by bisection. */
function firstNotBelow(order: readonly string[], id: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
