import { createCipheriv, createHmac } from 'node:crypto';

export interface BarkCipher {
  /** ASCII; 16, 24 or 32 characters for AES-128, 192 or 256. */
  readonly key: string;
  readonly mode: BarkMode;
}
export type BarkMode = 'cbc' | 'ecb' | 'gcm';

/** Characters of the initialisation vector. */
export const IV_LENGTHS: Readonly<Record<BarkMode, number>> = { cbc: 16, ecb: 0, gcm: 12 };

/**
 * What Bark's app decrypts: AES with PKCS #7 padding (of GCM the tag follows the text), in Base64. Key and vector are
 * taken as the ASCII that they are.
 * Source: github.com/Finb/Bark, docs/en-us/encryption.md; of GCM, github.com/caronc/apprise, plugins/bark.py.
 * @param iv ASCII, as long as the mode wants it
 */
export function barkEncrypt(text: string, { key, mode }: BarkCipher, iv: string): string {
  const args = [Buffer.from(key), mode === 'ecb' ? null : Buffer.from(iv)] as const;
  if (mode === 'gcm') {
    const cipher = createCipheriv(`aes-${bitsOf(key)}-gcm`, args[0], Buffer.from(iv));
    return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
  }
  const cipher = createCipheriv(`aes-${bitsOf(key)}-${mode}`, ...args);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
}

/**
 * A vector of its own for each message and attempt, which nobody can foresee who has not the key: made of them, so that
 * making a request stays free of chance. Two equal vectors would need two equal texts.
 */
export function barkVector(text: string, { key, mode }: BarkCipher, attempt: string): string {
  const made = createHmac('sha256', key).update(`${attempt}\n${text}`).digest('base64url');
  return made.slice(0, IV_LENGTHS[mode]);
}

const bitsOf = (key: string) => (key.length * 8) as 128 | 192 | 256;
