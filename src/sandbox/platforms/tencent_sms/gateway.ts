import { randomUUID } from 'node:crypto';
import { equal } from '../../sign.ts';
import type { Answer, Bot, Call, Route, Verdict } from '../../stand-in.ts';
import { readTc3, signsEnough, signTc3, type Tc3 } from './tc3.ts';

/** `X-TC-Timestamp` may be this far from the gateway's clock. */
const WINDOW_MS = 5 * 60_000;

/** The API gateway before Tencent Cloud SMS: why it turns a request away; undefined: it passes. */
export function admitTencent(call: Call, bot: Bot | undefined): Verdict | undefined {
  const header = (name: string): string => String(call.headers[name] ?? '');
  if (call.method !== 'POST') return refuseTencent('InvalidRequest', 'The request method is not supported.');
  for (const name of ['Action', 'Version', 'Timestamp', 'Region']) {
    if (header(`x-tc-${name.toLowerCase()}`) === '') return refuseTencent('MissingParameter', missing(name));
  }
  if (header('x-tc-action') !== 'SendSms') return refuseTencent('InvalidAction');
  if (header('x-tc-version') !== '2021-01-11') return refuseTencent('NoSuchVersion');
  if (!/^[a-z]{2,3}-[a-z]{3,20}$/.test(header('x-tc-region'))) return refuseTencent('UnsupportedRegion');
  const tc3 = readTc3(call.headers.authorization);
  if (tc3 === undefined || !signsEnough(tc3)) return refuseTencent('AuthFailure.InvalidAuthorization');
  const stamp = header('x-tc-timestamp');
  // Milliseconds are the usual mistake.
  if (!/^\d{1,10}$/.test(stamp)) return refuseTencent('InvalidParameter', 'The value of `Timestamp` is not valid.');
  if (Math.abs(Number(stamp) * 1000 - call.now) > WINDOW_MS) return refuseTencent('AuthFailure.SignatureExpire');
  return matches(call, tc3, bot?.secret) ? undefined : refuseTencent('AuthFailure.SignatureFailure');
}

/** The secret id names the bot. */
export const tokenOfTc3: Route['token'] = ({ headers }) => readTc3(headers.authorization)?.secret_id ?? '';

/** An error of the whole call, inside an HTTP 200. */
export const tencentError = (Code: string, Message: string): Answer => ({
  body: { Response: { Error: { Code, Message }, RequestId: randomUUID() } },
});

export function refuseTencent(code: string, message = WORDS[code] ?? 'sandbox fault'): Verdict {
  return { ok: false, code, reason: message, answer: tencentError(code, message) };
}

export const missing = (name: string): string => `The request is missing a required parameter \`${name}\`.`;

/**
 * The date is the timestamp's in UTC. The path may be signed as the platform's own `/` or, where a server sits under a
 * prefix, as it came.
 */
function matches(call: Call, tc3: Tc3, secret: string | undefined): boolean {
  const day = new Date(Number(call.headers['x-tc-timestamp']) * 1000).toISOString().slice(0, 10);
  if (tc3.date !== day || tc3.service !== 'sms') return false;
  return (
    secret === undefined ||
    ['/', call.url.pathname].some((path) => equal(tc3.signature, signTc3(call, tc3, path, secret)))
  );
}

const WORDS: Readonly<Record<string, string>> = {
  'AuthFailure.InvalidAuthorization': 'The `Authorization` header does not conform to the standard.',
  'AuthFailure.SignatureExpire':
    'The signature has expired. The difference from the server time is more than 5 minutes.',
  'AuthFailure.SignatureFailure':
    'The provided credentials could not be validated. Please check your signature is correct.',
  InvalidAction: 'The interface does not exist.',
  NoSuchVersion: 'The interface version does not exist.',
  UnsupportedRegion: 'The region is not supported.',
  RequestLimitExceeded: 'The number of requests exceeds the frequency limit.',
};
