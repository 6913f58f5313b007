import type { Failure } from '../model.ts';

export interface RetrySettings {
  /** The first try included. */
  readonly attempts: number;
  /** Seconds. */
  readonly base_delay: number;
  readonly max_delay: number;
}

/** Share of the delay by which it is spread to either side, so that many retries do not come back at one moment. */
const JITTER = 0.2;

/**
 * Whether and when a failed attempt is repeated on the same target.
 * @param tries attempts made so far, throttle answers not counted
 * @param idempotent the platform drops a repeat of a message that did arrive
 * @param chance a number in [0, 1)
 * @returns milliseconds to wait, or undefined: no further try. `rate_limited` is not decided here: the lane pauses.
 */
export function retryDelay(
  failure: Failure,
  tries: number,
  idempotent: boolean,
  settings: RetrySettings,
  chance: number,
): number | undefined {
  const repeatable = failure.kind === 'unavailable' || (failure.kind === 'unknown' && idempotent);
  const allowed = Math.min(settings.attempts, 1 + (failure.max_retries ?? Infinity));
  if (!repeatable || tries >= allowed) return undefined;
  if (failure.retry_after !== undefined) return Math.min(failure.retry_after, settings.max_delay) * 1000;
  const delay = Math.min(settings.max_delay, settings.base_delay * 2 ** (tries - 1));
  return delay * (1 + JITTER * (2 * chance - 1)) * 1000;
}
