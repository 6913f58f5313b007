import { createMemory } from '../memory.ts';

export interface TokenBucket {
  /** How many requests a full bucket lets pass at once. */
  readonly burst: number;
  /** One is given back every so many milliseconds. */
  readonly refill_ms: number;
}

/** `pass(key, now)` takes one from the key's bucket; false: it is empty, and nothing is taken. `now` in milliseconds. */
export function createTokenBucket({ burst, refill_ms }: TokenBucket): (key: string, now: number) => boolean {
  // What a bucket holds, in milliseconds of refilling: whole numbers, so that nothing is lost in fractions.
  const full = burst * refill_ms;
  const buckets = createMemory<{ readonly held: number; readonly at: number }>();
  return (key, now) => {
    const { held, at } = buckets.get(key) ?? { held: full, at: now };
    const filled = Math.min(full, held + Math.max(0, now - at));
    if (filled < refill_ms) return false;
    buckets.set(key, { held: filled - refill_ms, at: now });
    return true;
  };
}
