import type { Clock } from '../model.ts';

/** Failed attempts one network may make at once, how many come back per minute, and how many networks are kept. */
const BURST = 30;
const PER_MINUTE = 1;
const MOST = 10_000;

interface Bucket {
  left: number;
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
      const bucket = buckets.get(network) ?? { left: BURST, at: now };
      bucket.left = Math.min(BURST, bucket.left + ((now - bucket.at) / 60_000) * PER_MINUTE);
      bucket.at = now;
      buckets.delete(network);
      buckets.set(network, bucket);
      if (buckets.size > MOST) buckets.delete(buckets.keys().next().value!);
      if (bucket.left < 1) return Math.ceil(((1 - bucket.left) / PER_MINUTE) * 60);
      bucket.left -= 1;
      return 0;
    },
    get size() {
      return buckets.size;
    },
  };
}
