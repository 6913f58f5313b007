import { List, type Listed } from '../list.ts';
import type { Clock } from '../model.ts';

/** Milliseconds by which a deadline may be noticed late: one timer serves all deadlines within such a span. */
const GRAIN_MS = 250;

/** What is in hand, by deadline. */
export interface Deadlines<T extends Listed> {
  /** Calls back with `item` once `ms` milliseconds have passed, at most a grain later, unless it is removed before. */
  add(item: T, ms: number): void;
  /** Whether its time is over or not. */
  remove(item: T): void;
  /** All that were added and not removed, those whose time is over last. */
  all(): T[];
  readonly size: number;
}

/** Many deadlines on few timers: a hundred thousand waiting tasks share those of the spans they end in. */
export function createDeadlines<T extends Listed>(clock: Clock, expired: (item: T) => void): Deadlines<T> {
  /** By number; each has those whose deadlines one timer serves. */
  const spans = new Map<number, List<T>>();
  const overdue = new List<T>();
  let size = 0;

  function open(number: number, ms: number): List<T> {
    const span = new List<T>(() => {
      cancel();
      spans.delete(number);
    });
    const cancel = clock.after(ms, () => fire(span));
    spans.set(number, span);
    return span;
  }

  function fire(span: List<T>): void {
    const items = span.all();
    for (const item of items) {
      span.remove(item);
      overdue.add(item);
    }
    // Some of them may end with one before them.
    for (const item of items) if (item.list) expired(item);
  }

  return {
    add(item, ms) {
      const now = clock.monotonic();
      const number = Math.ceil((now + ms) / GRAIN_MS);
      const span = spans.get(number) ?? open(number, number * GRAIN_MS - now);
      span.add(item);
      size++;
    },
    remove(item) {
      if (item.list === undefined) return;
      item.list.remove(item);
      size--;
    },
    all: () => [...[...spans.values()].flatMap((span) => span.all()), ...overdue.all()],
    get size() {
      return size;
    },
  };
}
