import { Agent, type Dispatcher } from 'undici';
import { type HttpReply, type HttpRequest, SendError } from '../channel/channel.ts';

/** The HTTP port. */
export interface Http {
  /**
   * Sends one request and reads its whole answer. Redirects are not followed.
   * @param onSent called once the request begins to leave: from then on it may have arrived
   * @throws SendError when no answer came
   */
  request(request: HttpRequest, signal: AbortSignal, onSent: () => void): Promise<HttpReply>;
  close(): Promise<void>;
}

/** Longest answer kept, in bytes; the verdict of every platform fits many times. */
const ANSWER_LIMIT = 64 * 1024;

/** Milliseconds an idle connection is kept: below the 60 s after which common gateways close theirs. */
const KEEP_ALIVE_MS = 30_000;

/** Milliseconds after which a connection that nobody waits for any more is given up; attempts end much earlier. */
const CONNECT_BACKSTOP_MS = 60_000;

/** undici's own timeouts are off: the clock of the attempt decides. */
export function createHttp(): Http {
  const agent = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_BACKSTOP_MS },
  });
  return {
    request: (request, signal, onSent) =>
      new Promise((resolve, reject) => {
        const url = new URL(request.url);
        const collector = collect(signal, onSent, resolve, reject);
        agent.dispatch(
          {
            origin: url.origin,
            path: url.pathname + url.search,
            method: request.method,
            headers: credentials(url, request.headers),
            body: request.body ?? null,
          },
          collector,
        );
      }),
    close: () => agent.destroy(),
  };
}

function collect(
  signal: AbortSignal,
  onSent: () => void,
  resolve: (reply: HttpReply) => void,
  reject: (error: SendError) => void,
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

/** Credentials written into a URL become a header, as every HTTP client does. */
function credentials(url: URL, headers: HttpRequest['headers']): Record<string, string> {
  if (url.username === '') return { ...headers };
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { ...headers, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** What went wrong, for people and by the system's code; never the address, which is a secret. */
function faultOf(error: Error & { code?: string; cause?: unknown }, sent: boolean): SendError {
  const code = error.code ?? (error.cause as { code?: string } | undefined)?.code;
  if (code === undefined) return new SendError('网络错误', sent);
  const isTls = code.startsWith('ERR_TLS') || /CERT|SELF_SIGNED|ISSUER/.test(code);
  return new SendError(FAULTS[code] ?? (isTls ? 'TLS 证书错误' : '网络错误'), sent, code);
}

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: '连接被拒绝',
  ECONNRESET: '连接被重置',
  ENOTFOUND: '域名解析失败',
  EAI_AGAIN: '域名解析暂时失败',
  EHOSTUNREACH: '网络不可达',
  ENETUNREACH: '网络不可达',
  ETIMEDOUT: '连接超时',
  UND_ERR_SOCKET: '连接意外断开',
  UND_ERR_CONNECT_TIMEOUT: '连接超时',
};
