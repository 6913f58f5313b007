/** Counters start anew "on the 1st of the month at 00:00:00 Central Time": pushover.net/api, "Limitations". */
const PARTS = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/Chicago',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  hourCycle: 'h23',
});
/** How far Central Time lies behind UTC, in hours, with and without daylight saving. */
const OFFSETS = [5, 6];

/**
 * The month that counts and when the next begins.
 * @param now Unix time in milliseconds
 * @returns `reset` is Unix time in seconds
 */
export function monthOf(now: number): { name: string; reset: number } {
  const { year = 0, month = 0 } = central(now);
  const next = OFFSETS.map((hours) => Date.UTC(year, month, 1, hours)).find((at) => {
    const { day, hour } = central(at);
    return day === 1 && hour === 0;
  });
  return { name: `${year}-${month}`, reset: (next ?? Date.UTC(year, month, 1)) / 1000 };
}

function central(at: number): Record<string, number> {
  return Object.fromEntries(PARTS.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
}
