import { lookup } from 'node:dns/promises';
import type { Dispatcher } from 'undici';
import { FailureError, type HttpReply, type HttpRequest, SendError } from '../channel/channel.ts';
import type { Resolve } from './address-guard.ts';
import { basic, credentialsOf } from '../channel/credentials.ts';
import { type Forward, type Route, createDispatchers } from './dispatchers.ts';
import { faultOf } from './http-faults.ts';
import { unauthenticated } from './proxy-reply.ts';

export type { Route } from './dispatchers.ts';

/** The HTTP port. */
export interface Http {
  /**
   * Sends one request and reads its whole answer. Redirects are not followed.
   * @param onSent called once the request begins to leave: from then on it may have arrived
   * @param route proxy, TLS and address guard; absent: straight there
   * @throws SendError when no answer came
   * @throws FailureError when the route forbids or cannot carry it
   */
  request(request: HttpRequest, signal: AbortSignal, onSent: () => void, route?: Route): Promise<HttpReply>;
  close(): Promise<void>;
}

/** Longest answer kept, in bytes. Feishu repeats the whole message in its answer, up to 150 KB that JSON may double. */
const ANSWER_LIMIT = 512 * 1024;

/** Discord's gateway turns away who does not say what it is (error 40333). */
const USER_AGENT = 'PushServer';

/** @param options.lookup all addresses of a name, for guarded requests */
export function createHttp({ lookup: resolve = everyAddress }: { lookup?: Resolve } = {}): Http {
  const dispatchers = createDispatchers(resolve);

  async function routed(request: HttpRequest, signal: AbortSignal, onSent: () => void, route: Route) {
    const way = dispatchers.of(route);
    const url = urlOf(request.url);
    way.guard?.vet(url);
    const forward = url.protocol === 'http:' ? way.forward : undefined;
    if (forward?.needed) return forwarded(forward, url, request, signal, onSent);
    try {
      return await send(way.agent, url, request, signal, onSent);
    } catch (error) {
      if (!forward || !(error instanceof SendError) || error.code !== 'PROXY_REFUSED') throw error;
      // Squid and tinyproxy tunnel to port 443 alone until they are told otherwise.
      forward.needed = true;
      return forwarded(forward, url, request, signal, onSent);
    }
  }

  return {
    request(request, signal, onSent, route) {
      if (route?.guard || route?.network?.proxy || route?.network?.tls) return routed(request, signal, onSent, route);
      return send(dispatchers.direct, urlOf(request.url), request, signal, onSent);
    },
    close: () => dispatchers.close(),
  };
}

const everyAddress: Resolve = (name) => lookup(name, { all: true });

/** @throws FailureError: an address with a template in it may turn out to be none */
function urlOf(text: string): URL {
  const url = URL.parse(text);
  if (url) return url;
  throw new FailureError({
    ok: false,
    kind: 'invalid',
    code: 'INVALID_URL',
    message: '推送地址不是合法的 URL',
    remedy: { en: 'Check the URL of the target.', zh: '检查目标的推送地址' },
  });
}

/** @param path when it is not that of the URL */
function send(
  agent: Dispatcher,
  url: URL,
  { method, headers, body = null }: Pick<HttpRequest, 'method' | 'headers'> & { body?: string | null },
  signal: AbortSignal,
  onSent: () => void,
  path = url.pathname + url.search,
): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    agent.dispatch(
      { origin: url.origin, path, method, headers: headersOf(url, headers), body },
      collect(signal, onSent, resolve, reject),
    );
  });
}

/** Hands the whole request to a proxy (absolute form, RFC 9112 section 3.2.2). */
async function forwarded(
  { agent, headers }: Forward,
  url: URL,
  request: HttpRequest,
  signal: AbortSignal,
  onSent: () => void,
): Promise<HttpReply> {
  const asked = { ...request, headers: { ...request.headers, ...headers } };
  const reply = await send(agent, url, asked, signal, onSent, url.origin + url.pathname + url.search);
  if (reply.status === 407) throw unauthenticated();
  return reply;
}

function collect(
  signal: AbortSignal,
  onSent: () => void,
  resolve: (reply: HttpReply) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let sent = false;
  let status = 0;
  let headers: HttpReply['headers'] = {};
  let size = 0;
  const chunks: Buffer[] = [];
  let controller: Dispatcher.DispatchController | undefined;

  const abort = () => controller?.abort(new Error('aborted'));
  const settle = <T>(end: (value: T) => void, value: T) => {
    signal.removeEventListener('abort', abort);
    end(value);
  };
  const reply = (): HttpReply => ({ status, headers, body: Buffer.concat(chunks).toString('utf8') });

  signal.addEventListener('abort', abort, { once: true });
  return {
    onRequestStart(c) {
      controller = c;
      if (signal.aborted) return abort();
      sent = true;
      onSent();
    },
    onResponseStart(_c, statusCode, rawHeaders) {
      status = statusCode;
      headers = rawHeaders;
    },
    onResponseData(c, chunk) {
      chunks.push(chunk.length + size > ANSWER_LIMIT ? chunk.subarray(0, ANSWER_LIMIT - size) : chunk);
      size += chunk.length;
      if (size < ANSWER_LIMIT) return;
      settle(resolve, reply());
      c.abort(new Error('answer too long'));
    },
    onResponseEnd() {
      settle(resolve, reply());
    },
    onResponseError(_c, error) {
      settle(reject, faultOf(error, sent));
    },
  };
}

/** In a list, which undici takes as well: an object with one more header would be built by slower means. */
function headersOf(url: URL, headers: Readonly<Record<string, string>> = {}): string[] {
  const list: string[] = [];
  for (const name of Object.keys(headers)) list.push(name, headers[name]!);
  if (!has(list, 'user-agent')) list.push('user-agent', USER_AGENT);
  // Credentials written into a URL become a header, as every HTTP client does.
  const credentials = credentialsOf(url);
  if (credentials && !has(list, 'authorization')) list.push('authorization', basic(credentials));
  return list;
}

/** @param name in lower case */
const has = (list: readonly string[], name: string): boolean =>
  list.some((text, i) => i % 2 === 0 && text.length === name.length && text.toLowerCase() === name);
