import type { Clock, Task } from '../model.ts';
import { createNotices } from './memory-notices.ts';
import type { Claim, Store, TaskFilter } from './store.ts';

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

/** Keeps everything in this process; a restart forgets it. */
export function createMemoryStore(clock: Clock, settings: () => MemorySettings): Store {
  const tasks = new Map<string, Task>();
  /** Ids of all tasks in the order of their creation (UUIDs of version 7 sort that way), with holes for removed ones. */
  let order: string[] = [];
  /** Finished tasks, first finished first; `finishedHead` is the first that is kept. */
  let finished: Task[] = [];
  let finishedHead = 0;
  const claims = new Map<string, Remembered>();

  const isOpen = (task: Task | undefined) => task !== undefined && task.completed_at === undefined;
  const notices = createNotices(() => settings().system.store_limit);

  function look(key: string, fingerprint: string) {
    const claim = claims.get(key);
    if (claim === undefined) return undefined;
    if (clock.now() - claim.at > settings().idempotency.max_age * 1000 && !isOpen(tasks.get(claim.task_id))) {
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

    async insert(task, claim) {
      if (claim) {
        const known = look(claim.key, claim.fingerprint);
        if (known) return known;
        claims.set(claim.key, { ...claim, task_id: task.id, at: task.created_at });
      }
      tasks.set(task.id, task);
      order.push(task.id);
      if (claim) trimClaims();
      return { kind: 'inserted' };
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

    async record(task, leaf, result) {
      task.results[leaf] = result;
      task.updated_at = clock.now();
    },

    async finish(task) {
      finished.push(task);
      trimTasks(-Infinity);
    },

    async sweep() {
      trimTasks(clock.now() - settings().task.max_age * 1000);
      const oldest = clock.now() - settings().idempotency.max_age * 1000;
      for (const [key, claim] of claims) {
        if (claim.at < oldest && !isOpen(tasks.get(claim.task_id))) claims.delete(key);
      }
    },
  };
}

function matches(task: Task, { status, alias, platform }: TaskFilter): boolean {
  if (status !== undefined && task.status !== status) return false;
  if (alias !== undefined && task.alias !== alias) return false;
  return platform === undefined || task.platform === platform || task.results.some((r) => r?.platform === platform);
}

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
