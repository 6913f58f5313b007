import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../body.ts';
import type { Answer, Call, SandboxClock } from '../stand-in.ts';
import { send } from './answer.ts';
import type { Match } from './routes.ts';

export interface Front {
  readonly host: string;
  readonly clock: SandboxClock;
  readonly routes: (path: string) => Match | undefined;
  readonly exchange: (request: IncomingMessage, response: ServerResponse, url: URL, match: Match) => Promise<void>;
  readonly live: (response: ServerResponse) => void;
  readonly page: (path: string) => Answer | undefined;
  readonly control: (call: Call) => Answer | undefined;
}

/** The listener of the HTTP server: the platforms' own paths, then the inbox page, then the control API. */
export function createFront(front: Front): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    serve(front, request, response).catch(() => {
      // The client went away in the middle, or a stand-in has a bug: either way there is nothing to tell but this.
      send(response, { status: 500, body: { error: '沙箱内部错误' } });
    });
  };
}

async function serve(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host, clock } = front;
  const url = URL.parse(request.url ?? '/', 'http://sandbox');
  if (url === null) return send(response, { status: 400, body: { error: '地址无效' } });
  const match = front.routes(url.pathname);
  if (match !== undefined) return await front.exchange(request, response, url, match);
  if (!isOwnHost(request.headers.host, host)) return send(response, { status: 403, body: { error: 'Host 不被允许' } });
  const { method = 'GET', headers } = request;
  if (url.pathname === '/_sandbox/events' && method === 'GET') return front.live(response);
  const body = await readBody(request);
  if (body === undefined) return send(response, { status: 413, body: { error: '请求体超过 10 MB' } });
  const call = { method, url, params: {}, headers, body, ip: request.socket.remoteAddress ?? '', now: clock.now() };
  const answer = (method === 'GET' || method === 'HEAD' ? front.page(url.pathname) : undefined) ?? front.control(call);
  send(response, answer ?? { status: 404, body: { error: '沙箱没有这个地址' } });
}

/** The inbox and the control API answer to their own names only, against DNS rebinding. */
function isOwnHost(header: string | undefined, host: string): boolean {
  const name = (header ?? '').replace(/:\d+$/, '').toLowerCase();
  return ['localhost', '127.0.0.1', '[::1]', host, `[${host}]`].includes(name) || host === '0.0.0.0' || host === '::';
}
