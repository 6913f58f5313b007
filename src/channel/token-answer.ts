import { FailureError, type HttpReply, type Token, classifyStatus, parseObject } from './channel.ts';
import type { Failure, Outcome } from '../model.ts';

/**
 * The token in the answer of a token endpoint.
 * @param classify the verdict in that answer
 * @param keys where the token and its life (seconds) are
 * @throws FailureError when there is none. What is unclear about a token is not about the message, which has not been sent:
 *   `unknown` becomes `unavailable`.
 */
export function tokenIn(
  reply: HttpReply,
  now: Date,
  classify: (reply: HttpReply, now: Date) => Outcome,
  keys: { readonly value: string; readonly expires_in: string },
): Token {
  const outcome = classify(reply, now);
  if (!outcome.ok) throw new FailureError(unsent(outcome));
  const json = parseObject(reply.body);
  const value = json?.[keys.value];
  const expires_in = json?.[keys.expires_in];
  if (typeof value === 'string' && value !== '' && typeof expires_in === 'number') return { value, expires_in };
  throw new FailureError(unsent(classifyStatus(reply, now)));
}

const unsent = (failure: Failure): Failure =>
  failure.kind === 'unknown' ? { ...failure, kind: 'unavailable' } : failure;
