const DAY = 86_400;

/** Hours of China standard time before UTC; no summer time since 1991. */
export const CHINA = 8;

/**
 * Seconds until the next midnight.
 * @param offset hours that the platform's clock is ahead of UTC
 */
export function untilMidnight(now: Date, offset: number): number {
  const local = now.getTime() / 1000 + offset * 3600;
  return Math.ceil(DAY - (local % DAY));
}

/**
 * Seconds until the first of the next month.
 * @param offset hours that the platform's clock is ahead of UTC
 */
export function untilMonth(now: Date, offset: number): number {
  const local = new Date(now.getTime() + offset * 3_600_000);
  const first = Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 1);
  return Math.ceil((first - local.getTime()) / 1000);
}
