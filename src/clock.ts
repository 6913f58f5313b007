import type { Clock } from './model.ts';

/** setTimeout fires at once above this many milliseconds (2^31 - 1, Node's documented limit). */
const LONGEST_TIMER = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, Math.min(Math.max(Math.ceil(ms), 0), LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};
