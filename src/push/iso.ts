/**
 * ISO 8601 in UTC to the whole second, e.g. `2025-01-04T01:30:00Z`: the shape of every time in the API.
 * @param ms Unix time in milliseconds
 */
export const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
