import { createHash, createHmac } from 'node:crypto';
import type { Started } from './start.ts';

export const KEY = { id: 'testAccessKeyId', secret: 'testAccessKeySecret' };

/** What a test may spoil in a signed call. */
export interface Spoil {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Taken out of the request after it was signed. */
  readonly without?: string;
  readonly secret?: string;
  readonly date?: string;
  readonly nonce?: string;
  /** The path as it is signed, when it is not the one that is called. */
  readonly path?: string;
  /** The query as it is sent, when it is not the one that was signed. */
  readonly query?: string;
  readonly sign?: (signature: string) => string;
}

let calls = 0;

const enc = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A caller that signs as the vendor's page says: ACS3-HMAC-SHA256, everything in the query, an empty body. */
export function createAliyunCaller(
  { sandbox, clock }: Pick<Started, 'sandbox' | 'clock'>,
  path: string,
  action: string,
) {
  return async (params: Readonly<Record<string, string>>, spoil: Spoil = {}) => {
    const url = new URL(sandbox.url + path);
    const date = spoil.date ?? new Date(clock.now()).toISOString().replace(/\.\d+/, '');
    const headers: Record<string, string> = {
      host: url.host,
      'x-acs-action': action,
      'x-acs-version': '2017-05-25',
      'x-acs-date': date,
      'x-acs-signature-nonce': spoil.nonce ?? `nonce-${++calls}`,
      'x-acs-content-sha256': sha256(''),
      ...spoil.headers,
    };
    const query = Object.entries(params)
      .map(([name, value]) => `${enc(name)}=${enc(value)}`)
      .toSorted()
      .join('&');
    const signed = Object.keys(headers).toSorted();
    const lines = signed.map((name) => `${name}:${headers[name]}\n`).join('');
    const canonical = ['POST', spoil.path ?? url.pathname, query, lines, signed.join(';'), sha256('')].join('\n');
    const signature = createHmac('sha256', spoil.secret ?? KEY.secret)
      .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
      .digest('hex');
    headers['authorization'] =
      `ACS3-HMAC-SHA256 Credential=${KEY.id},SignedHeaders=${signed.join(';')},Signature=${spoil.sign?.(signature) ?? signature}`;
    delete headers['host'];
    delete headers[spoil.without ?? ''];
    const response = await fetch(`${url.href}?${spoil.query ?? query}`, { method: spoil.method ?? 'POST', headers });
    return { status: response.status, json: (await response.json()) as { Code: string; Message: string } };
  };
}
