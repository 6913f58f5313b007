import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/model.ts';

export interface TestClock extends Clock {
  /** Lets `ms` milliseconds pass: timers fire in order, and what they start settles before the next one. */
  advance(ms: number): Promise<void>;
  /** Lets time pass timer by timer until the condition holds; fails when no timer is left or `within` ms have passed. */
  until(condition: () => boolean, within?: number): Promise<void>;
  /** Milliseconds passed since the clock was made. */
  readonly elapsed: number;
}

interface Timer {
  readonly at: number;
  readonly fn: () => void;
}

/**
 * A clock that stands still until told.
 * @param start Unix milliseconds
 * @param settle what to wait for between timers; by default a few turns of the event loop
 */
export function createTestClock(
  start = Date.UTC(2026, 0, 1),
  settle: () => Promise<void> = async () => {
    for (let i = 0; i < 5; i++) await turn();
  },
): TestClock {
  let elapsed = 0;
  /** Latest first, so that the next one is popped from the end. */
  const timers: Timer[] = [];

  async function fireNext(): Promise<void> {
    const timer = timers.pop()!;
    elapsed = Math.max(elapsed, timer.at);
    timer.fn();
    await settle();
  }

  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after(ms, fn) {
      const timer = { at: elapsed + Math.max(0, ms), fn };
      let low = 0;
      let high = timers.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (timers[middle]!.at > timer.at) low = middle + 1;
        else high = middle;
      }
      timers.splice(low, 0, timer);
      return () => {
        const i = timers.indexOf(timer);
        if (i >= 0) timers.splice(i, 1);
      };
    },
    async advance(ms) {
      const end = elapsed + ms;
      await settle();
      while (timers.length > 0 && timers.at(-1)!.at <= end) await fireNext();
      elapsed = end;
      await settle();
    },
    async until(condition, within = 24 * 3600_000) {
      const end = elapsed + within;
      await settle();
      while (!condition()) {
        const next = timers.at(-1);
        if (next === undefined || next.at > end) throw new Error(`the condition never held (waited ${elapsed} ms)`);
        await fireNext();
      }
    },
    get elapsed() {
      return elapsed;
    },
  };
}
