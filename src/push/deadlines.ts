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

/** Those whose deadlines one timer serves. */
class Span<T extends Listed> extends List<T> {
  readonly number: number;
  readonly cancel: () => void;

  constructor(number: number, cancel: () => void) {
    super();
    this.number = number;
    this.cancel = cancel;
  }
}

/** Many deadlines on few timers: a hundred thousand waiting tasks share those of the spans they end in. */
export function createDeadlines<T extends Listed>(clock: Clock, expired: (item: T) => void): Deadlines<T> {
  const spans = new Map<number, Span<T>>();
  const overdue = new List<T>();
  let size = 0;

  function fire(number: number): void {
    const items = spans.get(number)?.all() ?? [];
    for (const item of items) {
      item.list!.remove(item);
      overdue.add(item);
    }
    spans.delete(number);
    // Some of them may end with one before them.
    for (const item of items) if (item.list) expired(item);
  }

  return {
    add(item, ms) {
      const now = clock.monotonic();
      const number = Math.ceil((now + ms) / GRAIN_MS);
      let span = spans.get(number);
      if (span === undefined) {
        span = new Span(
          number,
          clock.after(number * GRAIN_MS - now, () => fire(number)),
        );
        spans.set(number, span);
      }
      span.add(item);
      size++;
    },
    remove(item) {
      const { list } = item;
      if (list === undefined) return;
      list.remove(item);
      size--;
      if (!(list instanceof Span) || list.size > 0) return;
      list.cancel();
      spans.delete(list.number);
    },
    all: () => [...[...spans.values()].flatMap((span) => span.all()), ...overdue.all()],
    get size() {
      return size;
    },
  };
}
