import { isJson, parseJson } from './body.ts';
import type { Call } from './stand-in.ts';

/** True for `application/x-www-form-urlencoded`, with no charset or utf-8. */
export function isForm(call: Pick<Call, 'headers'>): boolean {
  return /^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-?8"?\s*)?$/i.test(
    call.headers['content-type'] ?? '',
  );
}

/** The fields of a form body; of a repeated one the last. */
export function parseForm(body: Buffer): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body.toString('utf8')));
}

/** The fields of a body that says it is a form, or JSON, and is; undefined: it is neither. */
export function parseFields(call: Pick<Call, 'headers' | 'body'>): Record<string, unknown> | undefined {
  if (isForm(call)) return parseForm(call.body);
  return isJson(call) ? parseJson(call.body) : undefined;
}
