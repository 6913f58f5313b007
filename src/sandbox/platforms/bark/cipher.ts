import { createDecipheriv } from 'node:crypto';
import { isObject } from '../../body.ts';

/** How a phone was told to decrypt: what is set in the app under "encryption". */
export interface BarkKey {
  readonly mode: 'cbc' | 'ecb' | 'gcm';
  /** 16, 24 or 32 characters of ASCII, used as they are. */
  readonly key: string;
  /** Of the app, used when a message brings none. */
  readonly iv: string;
}

/** The authentication tag stands at the end of the ciphertext. */
const TAG_BYTES = 16;

/** Reads `key:iv`, `key`, or either with the mode in front (`gcm:key:iv`); the mode is CBC unless told. */
export function readBarkKey(secret: string): BarkKey {
  const [, mode = 'cbc', rest = ''] = /^(?:(cbc|ecb|gcm):)?([\s\S]*)$/i.exec(secret) ?? [];
  const [key = '', iv = ''] = rest.split(':');
  return { mode: mode.toLowerCase() as BarkKey['mode'], key, iv };
}

/**
 * Decrypts as the app does. Finb/Bark, docs/encryption.md: AES with PKCS#7 padding in CBC and ECB; GCM takes a nonce of
 * 12 bytes. Undefined: it does not come out as a JSON object, which the phone shows as "Decryption Failed".
 * @param ciphertext standard Base64
 * @param iv of the message
 */
export function decryptBark(
  { mode, key, iv: own }: BarkKey,
  ciphertext: string,
  iv: string | undefined,
): Record<string, unknown> | undefined {
  try {
    const bytes = Buffer.from(ciphertext, 'base64');
    if (bytes.toString('base64') !== ciphertext) return undefined;
    const value: unknown = JSON.parse(decrypt(mode, Buffer.from(key), Buffer.from(iv ?? own), bytes));
    return isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name.toLowerCase(), part]))
      : undefined;
  } catch {
    return undefined;
  }
}

function decrypt(mode: BarkKey['mode'], key: Buffer, iv: Buffer, bytes: Buffer): string {
  const bits = key.length * 8;
  if (mode !== 'gcm') {
    const cipher = createDecipheriv(`aes-${bits}-${mode}`, key, mode === 'ecb' ? null : iv);
    return Buffer.concat([cipher.update(bytes), cipher.final()]).toString('utf8');
  }
  const name = ({ 128: 'aes-128-gcm', 192: 'aes-192-gcm' } as const)[bits] ?? 'aes-256-gcm';
  const cipher = createDecipheriv(name, key, iv, { authTagLength: TAG_BYTES });
  cipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([cipher.update(bytes.subarray(0, -TAG_BYTES)), cipher.final()]).toString('utf8');
}
