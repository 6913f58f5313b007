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
