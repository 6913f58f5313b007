import type { Limit } from './window.ts';

/** A rate limit that can say how long it will last: what `Retry-After` and its kin are made of. All times in milliseconds. */
export interface Quota {
  /** How long until one more request passes; 0: it passes now. */
  wait(key: string, now: number): number;
  /** Counts one request that passed. */
  take(key: string, now: number): void;
  /** How many more requests pass now. */
  left(key: string, now: number): number;
}

/** More keys than this are not told apart: the one that came first is forgotten. */
const MOST_KEYS = 10_000;

/** Sliding windows like those of a gauge; all of them hold. */
export function createQuota(windows: Limit['windows']): Quota {
  /** When the requests of a key were made, oldest first; never longer than the largest `max`. */
  const taken = new Map<string, number[]>();
  const longest = Math.max(...windows.map(({ max }) => max));
  const inWindow = (key: string, ms: number, now: number): number =>
    (taken.get(key) ?? []).filter((at) => at > now - ms).length;
  return {
    wait: (key, now) =>
      Math.max(
        ...windows.map(({ max, ms }) => {
          const oldest = taken.get(key)?.at(-max);
          return oldest === undefined ? 0 : Math.max(0, oldest + ms - now);
        }),
      ),
    take(key, now) {
      const times = taken.get(key) ?? [];
      if (!taken.has(key)) {
        if (taken.size >= MOST_KEYS) taken.delete(taken.keys().next().value!);
        taken.set(key, times);
      }
      times.push(now);
      if (times.length > longest) times.shift();
    },
    left: (key, now) => Math.min(...windows.map(({ max, ms }) => max - inWindow(key, ms, now))),
  };
}
