import { createHmac } from 'node:crypto';

/**
 * The `webhook-signature` of Standard Webhooks 1.0.0: for each secret `v1,` and the Base64 of HMAC-SHA256 over
 * `id.timestamp.body`, separated by blanks, so that a receiver may change its secret while messages are on their way.
 * The key is what the Base64 of the secret stands for, not its text.
 * Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 * @param secrets `whsec_…`, or the Base64 alone
 * @param id of the message, the same on every attempt; without full stops
 * @param timestamp of this attempt: Unix time in seconds, decimal
 * @param body exactly as it is sent
 */
export function webhookSignature(secrets: readonly string[], id: string, timestamp: string, body: string): string {
  return secrets
    .map((secret) => {
      const signature = createHmac('sha256', webhookKeyOf(secret)).update(`${id}.${timestamp}.${body}`);
      return `v1,${signature.digest('base64')}`;
    })
    .join(' ');
}

/** Bytes of a key, by the specification. */
const SHORTEST = 24;
const LONGEST = 64;

/** Whether a secret is Base64 of 24 to 64 bytes, with or without its prefix. */
export function isWebhookSecret(secret: string): boolean {
  const key = webhookKeyOf(secret);
  const base64 = secret.replace(PREFIX, '').replace(/=+$/, '');
  return key.toString('base64').replace(/=+$/, '') === base64 && key.length >= SHORTEST && key.length <= LONGEST;
}

const PREFIX = /^whsec_/;

const webhookKeyOf = (secret: string) => Buffer.from(secret.replace(PREFIX, ''), 'base64');
