import { createMemory } from './memory.ts';

/** A token bucket per key. */
export interface Bucket {
  /** How many requests a full bucket lets pass at once. */
  readonly burst: number;
  /** One is given back every so many milliseconds. */
  readonly refill_ms: number;
}

/** Keys told apart. */
const MOST_KEYS = 10_000;

/** `pass(key, now)` takes one from the key's bucket; false: it is empty, and nothing is taken. `now` in milliseconds. */
export function createBucket({ burst, refill_ms }: Bucket): (key: string, now: number) => boolean {
  // what a bucket holds, in milliseconds of refilling: whole numbers, so that nothing is lost in fractions
  const full = burst * refill_ms;
  const buckets = createMemory<{ readonly held: number; readonly at: number }>(MOST_KEYS);
  return (key, now) => {
    const { held, at } = buckets.get(key) ?? { held: full, at: now };
    const filled = Math.min(full, held + Math.max(0, now - at));
    if (filled < refill_ms) return false;
    buckets.set(key, { held: filled - refill_ms, at: now });
    return true;
  };
}
