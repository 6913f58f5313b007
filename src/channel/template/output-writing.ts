import type { JsonPosition } from './json-position.ts';

/** How an output is written: by the mode of its template, in JSON by the place where it stands. */
export type OutputForm = 'text' | 'url' | 'form' | JsonPosition;

export interface OutputWriting {
  readonly write: (value: unknown) => string;
  /** Filters that do the same: at the end of an output they are not done twice. */
  readonly same: readonly string[];
}

const ENCODERS = ['url_encode', 'cgi_escape', 'uri_escape'];

/** The last step of every output: what keeps it from breaking the text around it. */
export const WRITINGS: Readonly<Record<OutputForm, OutputWriting>> = {
  text: { write: textOf, same: [] },
  url: { write: (value) => encodeURIComponent(textOf(value).toWellFormed()), same: ENCODERS },
  // Node writes the format itself: a blank is +, and ! ' ( ) ~ are encoded too.
  form: { write: (value) => new URLSearchParams([['', textOf(value)]]).toString().slice(1), same: ENCODERS },
  value: { write: jsonOf, same: ['json'] },
  string: { write: inString, same: [] },
  // Between quotes of its own, `json` can only be meant to do what is done anyway.
  whole_string: { write: inString, same: ['json'] },
};

/** A value as JSON, nothing as null. */
export function jsonOf(value: unknown, space?: number): string {
  return JSON.stringify(plain(value) ?? null, null, space);
}

/** Lists and mappings as JSON, nothing as no text. */
function textOf(value: unknown): string {
  const own = plain(value);
  if (own === undefined || own === null) return '';
  return typeof own === 'string' ? own : JSON.stringify(own);
}

function inString(value: unknown): string {
  return JSON.stringify(textOf(value)).slice(1, -1);
}

/** Liquid's own things (`forloop`, `empty`) stand for a value. */
function plain(value: unknown): unknown {
  return value instanceof Object ? value.valueOf() : value;
}
