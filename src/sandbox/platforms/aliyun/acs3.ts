import { createHmac } from 'node:crypto';
import { sha256 } from '../../sign.ts';
import type { Call } from '../../stand-in.ts';

/** The parts of `Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`. */
export interface Acs3 {
  readonly key_id: string;
  readonly signed: readonly string[];
  readonly signature: string;
}

type Request = Pick<Call, 'method' | 'url' | 'headers' | 'body'>;

/** Undefined: the header is missing or not of this form (no blanks after the commas, lower hex). */
export function readAcs3(header: string | undefined): Acs3 | undefined {
  const [, key_id, signed, signature] =
    /^ACS3-HMAC-SHA256 Credential=([\w.-]{4,128}),SignedHeaders=([a-z0-9;-]+),Signature=([0-9a-f]{64})$/.exec(
      header ?? '',
    ) ?? [];
  return key_id === undefined ? undefined : { key_id, signed: signed!.split(';'), signature: signature! };
}

/** `host`, every `x-acs-*` and, if sent, `content-type` must be signed, in order. */
export function signsAll({ headers }: Pick<Call, 'headers'>, { signed }: Acs3): boolean {
  const due = Object.keys(headers).filter(
    (name) => name === 'host' || name === 'content-type' || name.startsWith('x-acs-'),
  );
  return signed.join(';') === signed.toSorted().join(';') && due.every((name) => signed.includes(name));
}

/**
 * The signature of a request as the gateway computes it. help.aliyun.com, "V3 版本请求体&签名机制".
 * @param path the canonical path
 */
export function signAcs3(
  { method, url, headers, body }: Request,
  signed: Acs3['signed'],
  path: string,
  secret: string,
) {
  const lines = signed.map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`).join('');
  const query = canonicalQuery(url.search);
  const canonical = [method, path, query, lines, signed.join(';'), sha256(body)].join('\n');
  return createHmac('sha256', secret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex');
}

/** Is every name and value in the query encoded by the rule? The address must carry the same encoding as the signed text. */
export function isEncoded({ url }: Pick<Call, 'url'>): boolean {
  return pairs(url.search).every((pair) => pair === encodePair(pair));
}

const pairs = (search: string): string[] =>
  search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '');

/** Sorted by name. */
function canonicalQuery(search: string): string {
  return pairs(search)
    .map((pair) => encodePair(pair).split('='))
    .toSorted(([a = ''], [b = '']) => (a < b ? -1 : Number(a > b)))
    .map((pair) => pair.join('='))
    .join('&');
}

function encodePair(pair: string): string {
  const at = pair.includes('=') ? pair.indexOf('=') : pair.length;
  return `${encode(decode(pair.slice(0, at)))}=${encode(decode(pair.slice(at + 1)))}`;
}

/** As a Java server reads a query: `+` is a blank. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return text;
  }
}

/** RFC 3986: only letters, digits and `-_.~` stay. */
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
