import { createHash, createHmac } from 'node:crypto';

/** A POST of JSON to a Tencent Cloud API. */
export interface Tc3Call {
  /** e.g. `sms`: a part of what is signed, whatever the host is. */
  readonly service: string;
  /** As the `Host` header says it: with the port if the URL has one. */
  readonly host: string;
  /** As it is sent, percent-encoded; begins with a slash. */
  readonly path: string;
  readonly contentType: string;
  /** Absent: it is not signed. */
  readonly action?: string;
  /** As it is sent, to the byte. */
  readonly body: string;
  /** Unix time in seconds; accepted within 5 minutes of the platform's clock. */
  readonly timestamp: number;
}

/**
 * The `Authorization` header that signs this call with TC3-HMAC-SHA256: a chain of keys, of the date **in UTC**, the
 * service and a fixed word.
 * Source: cloud.tencent.com/document/api/213/30654 (signature v3).
 */
export function tc3Authorization(call: Tc3Call, key: { readonly id: string; readonly secret: string }): string {
  const date = new Date(call.timestamp * 1000).toISOString().slice(0, 10);
  const scope = `${date}/${call.service}/tc3_request`;
  const toSign = `${ALGORITHM}\n${call.timestamp}\n${scope}\n${sha256(tc3CanonicalRequest(call))}`;
  const signing = hmac(hmac(hmac(`TC3${key.secret}`, date), call.service), 'tc3_request');
  const signature = hmac(signing, toSign).toString('hex');
  return `${ALGORITHM} Credential=${key.id}/${scope}, SignedHeaders=${namesOf(call)}, Signature=${signature}`;
}

/** What is signed, before it is hashed: method, path, no query, headers, their names and the hash of the body. */
export function tc3CanonicalRequest(call: Tc3Call): string {
  const lines = headersOf(call).map(([name, value]) => `${name}:${value}\n`);
  return ['POST', call.path, '', lines.join(''), namesOf(call), sha256(call.body)].join('\n');
}

const ALGORITHM = 'TC3-HMAC-SHA256';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** In the order in which they are signed: by name. The value of the action is signed in lower case. */
const headersOf = ({ contentType, host, action }: Tc3Call): readonly (readonly [name: string, value: string])[] => [
  ['content-type', contentType],
  ['host', host],
  ...(action === undefined ? [] : [['x-tc-action', action.toLowerCase()] as const]),
];

const namesOf = (call: Tc3Call) =>
  headersOf(call)
    .map(([name]) => name)
    .join(';');
