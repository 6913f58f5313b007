import type { Task } from '../model.ts';
import type { Day } from './store.ts';

/** What is counted by day: `accepted`, `completed`, `failed`, `notices`, `success/<platform>`, `failed/<platform>`. */
export type Counted = string;

/** `YYYY-MM-DD` of a moment in Unix milliseconds, UTC. */
export function dayOf(ms: number): string {
  const number = Math.floor(ms / DAY_MS);
  if (number !== known.number) known = { number, text: new Date(ms).toISOString().slice(0, 10) };
  return known.text;
}

/** What a finished task adds to its day: its end, and that of each target. */
export function* countedOf(task: Task): Generator<Counted> {
  yield task.status;
  for (const result of task.results)
    if (result && result.counts !== false && result.status !== 'processing')
      yield `${result.status === 'success' ? 'success' : 'failed'}/${result.platform}`;
}

/** The first of `days` days that end with today. */
export const firstDay = (now: number, days: number): string => dayOf(now - (days - 1) * DAY_MS);

/** Every day from today back, those without a count too. */
export function daysOf(
  counts: Iterable<{ readonly day: string; readonly what: Counted; readonly count: number }>,
  now: number,
  days: number,
): Day[] {
  const byDay = new Map<string, Map<Counted, number>>();
  for (const { day, what, count } of counts) {
    const of = byDay.get(day) ?? new Map<Counted, number>();
    byDay.set(day, of.set(what, (of.get(what) ?? 0) + count));
  }
  return Array.from({ length: days }, (_, i) => dayFrom(dayOf(now - i * DAY_MS), byDay));
}

function dayFrom(date: string, byDay: ReadonlyMap<string, ReadonlyMap<Counted, number>>): Day {
  const of = byDay.get(date) ?? new Map<Counted, number>();
  const platforms: Record<string, { success: number; failed: number }> = {};
  for (const [what, count] of of) {
    const [end, platform] = what.split('/') as ['success' | 'failed', string | undefined];
    if (platform === undefined) continue;
    platforms[platform] ??= { success: 0, failed: 0 };
    platforms[platform][end] = count;
  }
  const count = (what: Counted) => of.get(what) ?? 0;
  return {
    date,
    accepted: count('accepted'),
    completed: count('completed'),
    failed: count('failed'),
    notices: count('notices'),
    platforms,
  };
}

const DAY_MS = 86_400_000;

let known = { number: Number.NaN, text: '' };
