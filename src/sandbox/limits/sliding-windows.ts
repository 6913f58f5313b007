import { createMemory } from '../memory.ts';

/** At most `max` requests in any `ms` milliseconds. */
export interface Window {
  readonly max: number;
  readonly ms: number;
}

/** Requests per key in windows that slide; all of them hold. Every `now` is in milliseconds. */
export interface SlidingWindows<W extends Window = Window> {
  /** The first window that has no room for one more; undefined: it passes. */
  full(key: string, now: number): W | undefined;
  /** How many milliseconds until one more passes; 0: it passes now. */
  wait(key: string, now: number): number;
  /** How many more pass now. */
  left(key: string, now: number): number;
  /** Counts one that passed. One that was refused takes no place in a window. */
  take(key: string, now: number): void;
}

export function createSlidingWindows<W extends Window>(windows: readonly W[]): SlidingWindows<W> {
  /** When the requests of a key passed, oldest first; never more than the largest `max`. */
  const passed = createMemory<number[]>();
  const longest = Math.max(...windows.map(({ max }) => max));
  const timesOf = (key: string): readonly number[] => passed.get(key) ?? [];
  const waitIn = ({ max, ms }: Window, key: string, now: number): number =>
    Math.max(0, (timesOf(key).at(-max) ?? Number.NEGATIVE_INFINITY) + ms - now);
  const leftIn = ({ max, ms }: Window, key: string, now: number): number =>
    max - timesOf(key).filter((at) => at > now - ms).length;
  return {
    full: (key, now) => windows.find((window) => waitIn(window, key, now) > 0),
    wait: (key, now) => Math.max(...windows.map((window) => waitIn(window, key, now))),
    left: (key, now) => Math.min(...windows.map((window) => leftIn(window, key, now))),
    take(key, now) {
      const times = passed.get(key) ?? [];
      times.push(now);
      if (times.length > longest) times.shift();
      passed.set(key, times);
    },
  };
}
