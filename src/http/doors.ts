import type { IncomingMessage } from 'node:http';
import type { Clock } from '../model.ts';
import { addressOf } from './address.ts';
import { createAuth } from './auth.ts';
import type { Admission } from './auth.ts';
import { refuse } from './envelope.ts';
import type { Answer } from './envelope.ts';
import { createHostCheck, isLoopback } from './host.ts';
import type { HttpSettings, Scope } from './settings.ts';

/** Who may come in. */
export interface Doors {
  addressOf(request: IncomingMessage): string;
  /** The refusal of a request whose `Host` is wrong, or undefined. */
  host(request: IncomingMessage): Answer | undefined;
  /** @param browser a Basic login is taken as well */
  admit(request: IncomingMessage, scope: Scope, browser: boolean): Admission;
}

/**
 * @param start `server` and `allow_anonymous` as they were at the start; they need a restart to change
 * @param tokens as they are now. Where a reload takes the last one away from a server that others can reach, nobody is
 *   let in, rather than everybody
 */
export function createDoors(
  start: HttpSettings,
  tokens: () => HttpSettings['auth']['tokens'],
  clock: Pick<Clock, 'monotonic'>,
): Doors {
  const { host, unix_socket, trust_proxy } = start.server;
  const anonymous = start.auth.allow_anonymous;
  const local = unix_socket !== undefined || isLoopback(host);
  const admit = createAuth(tokens, anonymous || local, clock);
  const isOurs = createHostCheck(host);
  const address = (request: IncomingMessage) => addressOf(request, trust_proxy);
  return {
    addressOf: address,
    host(request) {
      const { host: asked } = request.headers;
      const judged = !anonymous && unix_socket === undefined && tokens().length === 0;
      if (judged) return isOurs(asked) ? undefined : WRONG_HOST;
      // RFC 9112 section 3.2: a request of HTTP/1.1 without Host is answered 400.
      return asked === undefined && request.httpVersion === '1.1' ? NO_HOST : undefined;
    },
    admit: (request, scope, browser) => admit(request.headers, scope, address(request), browser),
  };
}

const WRONG_HOST = refuse(403, { error: '未配置访问令牌时，Host必须是localhost、127.0.0.1、[::1]或server.host' });
const NO_HOST = refuse(400, { error: '缺少Host请求头' });
