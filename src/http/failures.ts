import type { Clock } from '../model.ts';

/** Each failure costs a minute, and half an hour can be saved up: thirty at once, then one a minute. */
const COST = 60_000;
const CAPACITY = 30 * COST;
/** Networks that are kept. */
const MOST = 10_000;

/** Milliseconds saved up at that moment. */
interface Bucket {
  saved: number;
  at: number;
}

export interface Failures {
  /**
   * Counts one failure.
   * @returns 0, or the seconds to wait before the next one is answered
   */
  count(network: string): number;
  readonly size: number;
}

/** A token bucket for each network that failed lately; the longest unheard is forgotten first. */
export function createFailures(clock: Pick<Clock, 'monotonic'>): Failures {
  const buckets = new Map<string, Bucket>();
  return {
    count(network) {
      const now = clock.monotonic();
      const bucket = buckets.get(network) ?? { saved: CAPACITY, at: now };
      bucket.saved = Math.min(CAPACITY, bucket.saved + now - bucket.at);
      bucket.at = now;
      buckets.delete(network);
      buckets.set(network, bucket);
      if (buckets.size > MOST) buckets.delete(buckets.keys().next().value!);
      if (bucket.saved < COST) return Math.ceil((COST - bucket.saved) / 1000);
      bucket.saved -= COST;
      return 0;
    },
    get size() {
      return buckets.size;
    },
  };
}
