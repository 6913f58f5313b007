import { createMemory } from '../memory.ts';
import { createSlidingWindows, type Window } from './sliding-windows.ts';

export interface RateLimit {
  /** All of them hold. */
  readonly windows: readonly Window[];
  /** Once broken, every request is refused for this many milliseconds; 0: only while a window is full. */
  readonly block_ms: number;
}

/**
 * `pass(key, now)` counts one request, or is false when it breaks the limit; a refused request takes no place in a window
 * and does not prolong a block. `now` in milliseconds.
 */
export function createRateLimit({ windows, block_ms }: RateLimit): (key: string, now: number) => boolean {
  const counted = createSlidingWindows(windows);
  const blocked = createMemory<number>();
  return (key, now) => {
    if (now < (blocked.get(key) ?? now)) return false;
    if (counted.full(key, now) === undefined) {
      counted.take(key, now);
      return true;
    }
    if (block_ms > 0) blocked.set(key, now + block_ms);
    return false;
  };
}
