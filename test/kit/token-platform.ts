import type { HttpReply, HttpRequest } from '../../src/channel/channel.ts';

/** A platform that gives out tokens and takes messages that bear one of them. */
export interface TokenPlatform {
  /** Every message it was asked to take, refused ones included, in order. */
  readonly asked: HttpRequest[];
  /** How many tokens it gave. */
  readonly given: () => number;
  /** From now on the tokens given until now are refused, or all of them for ever. */
  readonly revoke: (which?: 'given' | 'all') => void;
  readonly http: (request: HttpRequest) => Promise<HttpReply>;
}

/**
 * @param script.isToken whether a request asks for a token
 * @param script.token the answer that gives this token
 * @param script.bears the token that a message bears
 */
export function tokenPlatform(script: {
  readonly isToken: (request: HttpRequest) => boolean;
  readonly token: (value: string) => unknown;
  readonly bears: (request: HttpRequest) => string | undefined;
  readonly accepted: unknown;
  readonly stale: { readonly status: number; readonly body: unknown };
}): TokenPlatform {
  const asked: HttpRequest[] = [];
  let given = 0;
  let revoked = 0;
  const answer = (body: unknown, status = 200): Promise<HttpReply> =>
    Promise.resolve({ status, headers: {}, body: JSON.stringify(body) });
  return {
    asked,
    given: () => given,
    revoke: (which = 'given') => void (revoked = which === 'all' ? Infinity : given),
    http(request) {
      if (script.isToken(request)) return answer(script.token(`token-${++given}`));
      asked.push(request);
      const good = Number(/^token-(\d+)$/.exec(script.bears(request) ?? '')?.[1] ?? 0) > revoked;
      return good ? answer(script.accepted) : answer(script.stale.body, script.stale.status);
    },
  };
}
