import type { SizeLimit, SizeUnit } from '../channel/channel.ts';

/** How full a rendered payload is by the limit it strains most: 1 is exactly full, more does not fit. */
export function loadOf(limits: readonly SizeLimit[], payload: unknown): number {
  let body: string | undefined;
  let load = 0;
  for (const limit of limits) {
    const text = limit.of === 'body' ? (body ??= textOf(payload)) : textOf(at(payload, limit.of));
    load = Math.max(load, sizeOf(text, limit.unit) / limit.max);
  }
  return load;
}

/** The size of a rendered payload in the unit of the limit. */
export function measure(payload: unknown, limit: SizeLimit): number {
  return sizeOf(textOf(limit.of === 'body' ? payload : at(payload, limit.of)), limit.unit);
}

/** The size of a text in this unit. */
export function sizeOf(text: string, unit: SizeUnit): number {
  if (unit === 'bytes') return Buffer.byteLength(text);
  if (unit === 'go_bytes') return Buffer.byteLength(text.replace(GO_ESCAPES, '\\u0000'));
  return unit === 'chars' ? text.length : codePoints(text);
}

/** What Go's `json.Marshal` writes as `\u` and four digits beyond what JSON asks for (golang.org, encoding/json, HTMLEscape). */
const GO_ESCAPES = /[<>&\u2028\u2029]/g;

/** Absent measures nothing; what is no text is measured as JSON. */
function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function at(payload: unknown, path: string): unknown {
  let value = payload;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Counted in place: this runs on every render, and an array of characters would cost many times the text. */
function codePoints(text: string): number {
  let count = text.length;
  for (let i = 1; i < text.length; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) count--;
  }
  return count;
}
