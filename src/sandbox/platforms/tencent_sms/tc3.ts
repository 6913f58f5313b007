import { createHmac } from 'node:crypto';
import { sha256 } from '../../sign.ts';
import type { Call } from '../../stand-in.ts';

/** The parts of `Authorization: TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. */
export interface Tc3 {
  readonly secret_id: string;
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly service: string;
  readonly signed: readonly string[];
  readonly signature: string;
}

/** Undefined: the header is missing or not of this form (comma and blank between the parts, lower hex). */
export function readTc3(header: string | undefined): Tc3 | undefined {
  const [, secret_id, date, service, signed, signature] =
    /^TC3-HMAC-SHA256 Credential=([\w-]{4,128})\/(\d{4}-\d\d-\d\d)\/([a-z0-9]+)\/tc3_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      header ?? '',
    ) ?? [];
  if (secret_id === undefined) return undefined;
  return { secret_id, date: date!, service: service!, signed: signed!.split(';'), signature: signature! };
}

/** At least `content-type` and `host` must be signed, in order. */
export function signsEnough({ signed }: Tc3): boolean {
  const due = ['content-type', 'host'];
  return signed.join(';') === signed.toSorted().join(';') && due.every((name) => signed.includes(name));
}

/**
 * The signature of a POST as the gateway computes it; values of headers count in lower case.
 * cloud.tencent.com/document/api/382/52072, "签名方法 v3".
 * @param path the canonical path, always `/` on the platform itself
 */
export function signTc3(call: Pick<Call, 'headers' | 'body'>, tc3: Tc3, path: string, secret: string): string {
  const { date, service, signed } = tc3;
  const value = (name: string): string =>
    String(call.headers[name] ?? '')
      .trim()
      .toLowerCase();
  const lines = signed.map((name) => `${name}:${value(name)}\n`).join('');
  const canonical = ['POST', path, '', lines, signed.join(';'), sha256(call.body)].join('\n');
  const stamp = String(call.headers['x-tc-timestamp'] ?? '');
  const text = ['TC3-HMAC-SHA256', stamp, `${date}/${service}/tc3_request`, sha256(canonical)].join('\n');
  const key = [date, service, 'tc3_request'].reduce<Buffer>(hmac, Buffer.from(`TC3${secret}`, 'utf8'));
  return hmac(key, text).toString('hex');
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();
