/**
 * ISO 8601 in UTC to the whole second, e.g. `2025-01-04T01:30:00Z`: the shape of every time in the API.
 * @param ms Unix time in milliseconds
 */
export function iso(ms: number): string {
  const second = Math.floor(ms / 1000);
  // Most times that are written are those of this very second.
  if (second !== written.second) written = { second, text: `${new Date(ms).toISOString().slice(0, 19)}Z` };
  return written.text;
}

let written = { second: Number.NaN, text: '' };
