import { createHash, createHmac } from 'node:crypto';
import { percentEncode } from '../percent-encode.ts';

/** A call of Alibaba Cloud's RPC style: every parameter in the query, nothing in the body. */
export interface Acs3Call {
  /** As the `Host` header says it: with the port if the URL has one. */
  readonly host: string;
  /** As it is sent, percent-encoded; begins with a slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly action: string;
  readonly version: string;
  /** Accepted within 15 minutes of the platform's clock. */
  readonly date: Date;
  /** Another one on each attempt. */
  readonly nonce: string;
}

/**
 * The headers that sign a POST of this call with ACS3-HMAC-SHA256; `host` is signed too, and sent by whoever sends the
 * request. The key is the secret itself, without the chain of derived keys that AWS and Tencent have.
 * Source: help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature.
 */
export function acs3Headers(call: Acs3Call, key: { readonly id: string; readonly secret: string }) {
  const toSign = `${ALGORITHM}\n${sha256(acs3CanonicalRequest(call))}`;
  const signature = createHmac('sha256', key.secret).update(toSign).digest('hex');
  const authorization = `${ALGORITHM} Credential=${key.id},SignedHeaders=${namesOf(call)},Signature=${signature}`;
  return { ...headersOf(call), authorization };
}

/** What is signed, before it is hashed: method, path, query, headers, their names and the hash of the empty body. */
export function acs3CanonicalRequest(call: Acs3Call): string {
  const lines = Object.entries(signedOf(call)).map(([name, value]) => `${name}:${value}\n`);
  return ['POST', call.path, acs3Query(call.query), lines.join(''), namesOf(call), EMPTY_BODY].join('\n');
}

/** The query both as it is signed and as it must be sent: sorted by name, percent-encoded by RFC 3986. */
export function acs3Query(query: Readonly<Record<string, string>>): string {
  return Object.keys(query)
    .toSorted()
    .map((name) => `${percentEncode(name)}=${percentEncode(query[name]!)}`)
    .join('&');
}

const ALGORITHM = 'ACS3-HMAC-SHA256';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const EMPTY_BODY = sha256('');

/** What is sent beside the host. */
const headersOf = ({ action, version, date, nonce }: Acs3Call) => ({
  'x-acs-action': action,
  'x-acs-content-sha256': EMPTY_BODY,
  'x-acs-date': date.toISOString().replace(/\.\d+/, ''),
  'x-acs-signature-nonce': nonce,
  'x-acs-version': version,
});

/** In the order in which they are signed: by name. */
const signedOf = (call: Acs3Call) => ({ host: call.host, ...headersOf(call) });
const namesOf = (call: Acs3Call) => Object.keys(signedOf(call)).join(';');
