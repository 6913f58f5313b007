import type { Fixture } from './fixture.ts';
import { type HttpReply, type HttpRequest, SendError } from '../../src/channel/channel.ts';

/** What a scripted platform does with one request: answers, or never answers. */
export type Script =
  | { readonly status: number; readonly headers?: HttpReply['headers']; readonly body?: string }
  | { readonly fault: 'refused' | 'reset' }
  /** Nothing comes until the attempt is given up. */
  | { readonly fault: 'silence' };

/** A platform that answers from a script, and keeps what it was sent. The last line of the script is repeated. */
export function scriptedHttp(...script: readonly Script[]) {
  const requests: HttpRequest[] = [];
  return {
    requests,
    http: (request: HttpRequest, signal: AbortSignal): Promise<HttpReply> => {
      const line = script[Math.min(requests.length, script.length - 1)]!;
      requests.push(request);
      if (!('fault' in line)) {
        return Promise.resolve({ status: line.status, headers: line.headers ?? {}, body: line.body ?? '' });
      }
      if (line.fault === 'refused') return Promise.reject(new SendError('ECONNREFUSED', false));
      if (line.fault === 'reset') return Promise.reject(new SendError('ECONNRESET', true));
      return new Promise((_, reject) => {
        const give = () => reject(new SendError('aborted', true));
        if (signal.aborted) give();
        else signal.addEventListener('abort', give, { once: true });
      });
    },
  };
}

/** Token endpoints that answer always, in front of a platform that answers from a script. */
export function withTokens(
  tokens: Fixture['token'],
  http: (request: HttpRequest, signal: AbortSignal) => Promise<HttpReply>,
): typeof http {
  return (request, signal) => {
    const found = tokens.find(({ match }) => request.url.includes(match));
    if (found === undefined) return http(request, signal);
    const { status, headers, body } = found;
    return Promise.resolve({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
  };
}
