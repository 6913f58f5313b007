/** A rate limit in sliding windows. */
export interface Limit {
  /** At most `max` requests in any `ms` milliseconds; all of them hold. */
  readonly windows: readonly { readonly max: number; readonly ms: number }[];
  /** Once broken, every request is refused for this many milliseconds; 0: only while the window is full. */
  readonly block_ms: number;
}

interface State {
  /** When the requests that passed were made, oldest first; never longer than the largest `max`. */
  readonly passed: number[];
  blocked_until: number;
}

/** More bots than this are not told apart: the one that came first is forgotten. */
const MOST_BOTS = 10_000;

/**
 * Counts requests per key. `pass(key, now)` is false when the request breaks the limit; a refused request takes no place
 * in a window and does not prolong a block. `now` in milliseconds.
 */
export function createGauge(limit: Limit): (key: string, now: number) => boolean {
  const states = new Map<string, State>();
  const longest = Math.max(...limit.windows.map((w) => w.max));
  return (key, now) => {
    const state = states.get(key) ?? { passed: [], blocked_until: Number.NEGATIVE_INFINITY };
    if (!states.has(key)) {
      if (states.size >= MOST_BOTS) states.delete(states.keys().next().value!);
      states.set(key, state);
    }
    if (now < state.blocked_until) return false;
    const full = limit.windows.some((w) => {
      const oldest = state.passed.at(-w.max);
      return oldest !== undefined && oldest > now - w.ms;
    });
    if (full) {
      state.blocked_until = now + limit.block_ms;
      return false;
    }
    state.passed.push(now);
    if (state.passed.length > longest) state.passed.shift();
    return true;
  };
}
