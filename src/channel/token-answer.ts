import { FailureError, type HttpReply, type Token } from './channel.ts';
import { classifyStatus, parseObject } from './classify.ts';
import type { Failure, Outcome } from '../model.ts';

/**
 * The token in the answer of a token endpoint.
 * @param keys where the token and its life (seconds) are
 * @param classify the verdict in an answer without a token
 * @throws FailureError when there is none. What is unclear about a token is not about the message, which has not been sent:
 *   `unknown` becomes `unavailable`.
 */
export function tokenIn(
  reply: HttpReply,
  now: Date,
  keys: { readonly value: string; readonly expires_in: string },
  classify: (reply: HttpReply, now: Date) => Outcome,
): Token {
  const json = parseObject(reply.body);
  const value = json?.[keys.value];
  const expires_in = json?.[keys.expires_in];
  if (reply.status === 200 && typeof value === 'string' && value !== '' && typeof expires_in === 'number') {
    return { value, expires_in };
  }
  const outcome = classify(reply, now);
  throw new FailureError(unsent(outcome.ok ? classifyStatus(reply, now) : outcome));
}

const unsent = (failure: Failure): Failure =>
  failure.kind === 'unknown' ? { ...failure, kind: 'unavailable' } : failure;
