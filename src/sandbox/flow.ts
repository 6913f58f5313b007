import { createMemory } from './memory.ts';

/** One ceiling of a flow control: at most `max` in any `ms` milliseconds. */
export interface Ceiling {
  readonly level: FlowLevel;
  readonly max: number;
  readonly ms: number;
}

export type FlowLevel = 'minute' | 'hour' | 'day';

/** Phone numbers told apart. */
const MOST_KEYS = 10_000;

/**
 * Counts per phone number, beside the limit per account that a stand-in declares. The returned function gives the first
 * ceiling that one more would break, and counts only what breaks none. `now` in milliseconds.
 */
export function createFlow(ceilings: readonly Ceiling[]): (key: string, now: number) => Ceiling | undefined {
  const passed = createMemory<readonly number[]>(MOST_KEYS);
  const longest = Math.max(...ceilings.map(({ max }) => max));
  return (key, now) => {
    const times = passed.get(key) ?? [];
    const broken = ceilings.find(({ max, ms }) => (times.at(-max) ?? Number.NEGATIVE_INFINITY) > now - ms);
    if (broken === undefined) passed.set(key, [...times, now].slice(-longest));
    return broken;
  };
}
