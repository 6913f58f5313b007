import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Random bytes fetched at once: a system call per id would be a twentieth of the cost of a push (measured). */
const POOL_BYTES = 16 * 256;
const ID_BYTES = 16;

/**
 * Makes the ids of tasks: UUIDs of version 7 that sort in the order in which they were made, whatever the clock does.
 * @param now Unix time in milliseconds
 */
export function createIds(now: () => number): () => string {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  let msecs = 0;
  /** Counts the ids of one millisecond; 32 bits. */
  let seq = 0;
  return () => {
    if (at === POOL_BYTES) {
      randomFillSync(pool);
      at = 0;
    }
    const random = pool.subarray(at, (at += ID_BYTES));
    const time = now();
    if (time > msecs) {
      msecs = time;
      seq = 0;
    } else {
      seq++;
    }
    return v7({ msecs, seq, random });
  };
}
