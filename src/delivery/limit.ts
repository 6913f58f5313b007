import type { Clock, Failure, LimitState, RateLimit } from '../model.ts';
import type { LimitBook } from '../store/store.ts';
import { Window } from './window.ts';

/** Seconds: what a throttle answer may ask for; a platform that asks for more is asked again after that. */
const LONGEST_PAUSE = 3600;

/** Seconds: the renewal of an allowance is a matter of a day or a month; a later one is a mistake. */
const LONGEST_RENEWAL = 32 * 86_400;

/** Seconds: a platform that says "too fast, come back in 0 seconds" is not hammered. */
const SHORTEST_PAUSE = 1;

/** Milliseconds: no send is counted further ahead. */
const FURTHEST_AHEAD = 5000;

/** Lengths of the windows, in milliseconds. */
const SPANS = [
  ['per_second', 1000],
  ['per_minute', 60_000],
  ['per_hour', 3_600_000],
  ['per_day', 86_400_000],
] as const;

/** What was sent before there was a window of at most this length is not known: it counts as full. */
const SHORT = 60_000;

/** How fast one bot, or one account with all its bots, may be used: its windows, and its pauses. */
export class Limit implements LimitBook {
  /** Of the lane or the account. */
  readonly key: string;
  readonly #clock: Clock;
  #windows: Window[] = [];
  /** Monotonic milliseconds. */
  #lastSent = -Infinity;
  #pausedUntil = 0;
  /** Throttle answers in a row, for the doubling of the pause. */
  #throttles = 0;

  constructor(clock: Clock, key: string, rate: RateLimit) {
    this.#clock = clock;
    this.key = key;
    this.set(rate);
  }

  /** It has windows: every send counts. */
  get counts(): boolean {
    return this.#windows.length > 0;
  }

  /** Takes a changed limit over; sends already made keep counting. */
  set(rate: RateLimit): void {
    this.#windows = SPANS.flatMap(([key, ms]) => {
      const limit = rate === 'off' ? undefined : rate[key];
      if (limit === undefined) return [];
      const window = this.#windows.find((one) => one.ms === ms) ?? this.#newWindow(limit, ms);
      window.limit = limit;
      return [window];
    });
  }

  state(now: number): LimitState {
    const shift = now - this.#clock.monotonic();
    const { pausedFor } = this;
    return {
      // The longest window has all that the others have.
      times: (this.#windows.at(-1)?.times ?? []).map((time) => time + shift),
      paused_until: pausedFor === 0 ? 0 : now + pausedFor,
    };
  }

  /** Counts how often another process was found to have used it. */
  generation = 0;

  adopt({ times, paused_until }: LimitState, now: number): void {
    this.generation++;
    const monotonic = this.#clock.monotonic();
    // Others count a send ahead. But a clock that was set back must not keep a bot closed.
    const known = times.map((time) => monotonic - Math.max(-FURTHEST_AHEAD, now - time));
    for (const window of this.#windows) window.replace(known, monotonic);
    this.#lastSent = known.at(-1) ?? this.#lastSent;
    const left = Math.min(paused_until - now, LONGEST_RENEWAL * 1000);
    this.#pausedUntil = Math.max(this.#pausedUntil, monotonic + Math.max(0, left));
  }

  /**
   * Counts a send.
   * @param at when it is expected to be made, monotonic milliseconds
   */
  stamp(at: number): void {
    this.#lastSent = at;
    for (const window of this.#windows) window.stamp(at);
  }

  /** A send that was counted for one moment is made now. */
  sent(expected: number): void {
    const now = this.#clock.monotonic();
    this.#lastSent = now;
    for (const window of this.#windows) window.move(expected, now);
  }

  /** A send that was counted for one moment is not made. @param generation of then: what was adopted since does not have it */
  unsent(expected: number, generation: number): void {
    if (generation !== this.generation) return;
    for (const window of this.#windows) window.forget(expected);
  }

  /**
   * Milliseconds until the `nth` next send (1 = the next one) is allowed.
   * @param urgent may use the reserve of the windows
   */
  wait(urgent: boolean, nth = 1): number {
    const now = this.#clock.monotonic();
    let most = Math.max(0, this.#pausedUntil - now);
    for (const window of this.#windows) most = Math.max(most, window.wait(now, urgent, nth));
    return most;
  }

  /**
   * The platform said "too fast".
   * @param failure its `retry_after` is what the platform asked for
   * @param throttle seconds when it did not: `base`, doubling to `max`
   * @returns seconds of the pause
   */
  pause(
    { retry_after, quota }: Pick<Failure, 'retry_after' | 'quota'>,
    throttle: { readonly base: number; readonly max: number },
  ): number {
    const now = this.#clock.monotonic();
    // A lane that is closed for NaN seconds never opens.
    const stated = Number.isNaN(retry_after) ? undefined : retry_after;
    const left = Math.max(0, this.#pausedUntil - now) / 1000;
    // Answers to requests that were out together are one throttling, not several.
    if (stated === undefined && left > 0) return left;
    const own = Math.min(throttle.max, throttle.base * 2 ** this.#throttles);
    const longest = quota ? LONGEST_RENEWAL : LONGEST_PAUSE;
    const seconds = Math.max(left, SHORTEST_PAUSE, Math.min(longest, stated ?? own));
    this.#throttles++;
    this.#pausedUntil = now + seconds * 1000;
    return seconds;
  }

  /** The platform took a message: the next throttle answer starts from the base again. */
  accepted(): void {
    this.#throttles = 0;
  }

  /** Milliseconds until the end of the pause; 0 without one. */
  get pausedFor(): number {
    return Math.max(0, this.#pausedUntil - this.#clock.monotonic());
  }

  /** Nothing it remembers could matter. */
  get forgettable(): boolean {
    const now = this.#clock.monotonic();
    return this.pausedFor === 0 && this.#windows.every((window) => window.isEmpty(now));
  }

  #newWindow(limit: number, ms: number): Window {
    const window = new Window(limit, ms);
    if (ms > SHORT) {
      // A day without sends for want of a memory would be worse than a figure that is too low by what is not known.
      for (const time of this.#windows.at(-1)?.times ?? []) window.stamp(time);
    } else window.fill(this.#lastSent);
    return window;
  }
}
