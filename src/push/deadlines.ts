import type { Clock } from '../model.ts';

/** Milliseconds by which a deadline may be noticed late: one timer serves all deadlines within such a span. */
const GRAIN_MS = 250;

/** What has a deadline. `span` belongs to the deadlines that hold it: 0 = none. */
export interface Dated {
  span: number;
}

export interface Deadlines<T extends Dated> {
  /** Calls back with `item` once `ms` milliseconds have passed, at most a grain later. */
  add(item: T, ms: number): void;
  remove(item: T): void;
}

/** Many deadlines on few timers: a hundred thousand waiting tasks share those of the spans they end in. */
export function createDeadlines<T extends Dated>(clock: Clock, expired: (item: T) => void): Deadlines<T> {
  const spans = new Map<number, { items: Set<T>; cancel: () => void }>();

  function fire(span: number): void {
    const items = spans.get(span)?.items ?? [];
    spans.delete(span);
    for (const item of items) {
      item.span = 0;
      expired(item);
    }
  }

  return {
    add(item, ms) {
      const now = clock.monotonic();
      const span = Math.ceil((now + ms) / GRAIN_MS);
      let entry = spans.get(span);
      if (entry === undefined) {
        entry = { items: new Set(), cancel: clock.after(span * GRAIN_MS - now, () => fire(span)) };
        spans.set(span, entry);
      }
      entry.items.add(item);
      item.span = span;
    },
    remove(item) {
      const { span } = item;
      if (span === 0) return;
      item.span = 0;
      const entry = spans.get(span)!;
      entry.items.delete(item);
      if (entry.items.size > 0) return;
      entry.cancel();
      spans.delete(span);
    },
  };
}
