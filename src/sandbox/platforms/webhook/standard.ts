import { createHmac } from 'node:crypto';
import { equal, looksSigned } from '../../sign.ts';
import type { Call } from '../../stand-in.ts';

/** The reference libraries of standard-webhooks accept this much either way. */
const WINDOW_S = 300;

/**
 * Standard Webhooks 1.0.0: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
 * @param secret `whsec_…` or the Base64 alone; without it the headers need only be well-formed, if there are any
 * @returns why the signature does not hold, in the words of the reference libraries; undefined: it does
 */
export function webhookFault(
  { headers, body, now }: Pick<Call, 'headers' | 'body' | 'now'>,
  secret: string | undefined,
): string | undefined {
  const [id, stamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => {
    const value = headers[name];
    return typeof value === 'string' ? value : '';
  });
  if (id === '' && stamp === '' && signatures === '' && secret === undefined) return undefined;
  if (!id || !stamp || !signatures) return 'Missing required headers';
  if (id.includes('.')) return 'Invalid message id';
  if (!/^\d{1,12}$/.test(stamp)) return 'Invalid Signature Headers';
  const age = Math.floor(now / 1000) - Number(stamp);
  if (age > WINDOW_S) return 'Message timestamp too old';
  if (age < -WINDOW_S) return 'Message timestamp too new';
  const given = signatures.split(' ').flatMap((item) => (item.startsWith('v1,') ? [item.slice('v1,'.length)] : []));
  const holds =
    secret === undefined
      ? given.some(looksSigned)
      : given.some((value) => equal(value, sign(secret, `${id}.${stamp}.`, body)));
  return holds ? undefined : 'No matching signature found';
}

/** The key is what the Base64 after the prefix stands for, not its text. */
function sign(secret: string, head: string, body: Buffer): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return createHmac('sha256', key).update(head).update(body).digest('base64');
}
