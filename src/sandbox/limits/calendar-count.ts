import { createMemory } from '../memory.ts';

/**
 * Counts per key within a period of the calendar that has a name (`2026-01-31`); the next period begins at 1.
 * `count(key, period)` gives the number including this one.
 */
export function createCalendarCount(): (key: string, period: string) => number {
  const counts = createMemory<{ readonly period: string; readonly count: number }>();
  return (key, period) => {
    const entry = counts.get(key);
    const count = entry?.period === period ? entry.count + 1 : 1;
    counts.set(key, { period, count });
    return count;
  };
}

/** The calendar day in a zone `hours` ahead of UTC, as `2026-01-31`. `now` in milliseconds. */
export function dayOf(now: number, hours: number): string {
  return new Date(now + hours * 3_600_000).toISOString().slice(0, 10);
}

/** China Standard Time is so many hours ahead of UTC. */
export const CHINA = 8;
