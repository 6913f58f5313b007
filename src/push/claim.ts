import { createHash } from 'node:crypto';
import type { Claim } from '../store/store.ts';
import type { ParsedPush } from './request.ts';

/**
 * What an idempotency key claims: the parsed request, so that spelling and order of the JSON do not matter.
 * @param caller the name of the token: keys belong to it
 */
export function claimOf(caller: string, key: string, push: ParsedPush): Omit<Claim, 'answer'> {
  const { idempotency_key: _key, ...request } = push;
  const fingerprint = createHash('sha256').update(JSON.stringify(request)).digest('hex');
  return { key: JSON.stringify([caller, key]), fingerprint };
}
