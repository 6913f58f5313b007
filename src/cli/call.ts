import { request as requestHttp } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { CommandError } from './fault.ts';

/** A running server and the right to speak to it. */
export interface Server {
  /** `http://host:port`, `https://host/below/a/path`, or `unix:/run/pushserver.sock`, as the server prints it. */
  readonly url: string;
  readonly token?: string | undefined;
}

export interface Reply {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** Milliseconds without a word from the server: longer than its longest wait for a task, 30 s. */
const SILENCE_MS = 40_000;

/** Largest answer read, in bytes; a page of a thousand tasks fits. */
const ANSWER_LIMIT = 16 * 1024 * 1024;

/**
 * One call of the API.
 * @throws CommandError when no server answers, or something that is no PushServer
 */
export async function call(
  { url, token }: Server,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Reply> {
  const { options, secure } = placeOf(url);
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const full = { ...options, path: `${options.path ?? ''}${path}`, method, headers, timeout: SILENCE_MS };
  const answer = await exchange(secure ? requestHttps : requestHttp, full, body).catch((error: unknown) => {
    throw new CommandError(unreachable(url, error));
  });
  return parse(answer, url);
}

function placeOf(url: string): { options: RequestOptions; secure: boolean } {
  if (url.startsWith('unix:'))
    return { options: { socketPath: url.slice('unix:'.length), host: 'localhost' }, secure: false };
  const parsed = URL.parse(url);
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol))
    throw new CommandError(`"${url}" is not the address of a server; it looks like http://127.0.0.1:8080`);
  return {
    options: {
      host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(parsed.port === '' ? {} : { port: parsed.port }),
      path: parsed.pathname.replace(/\/+$/, ''),
    },
    secure: parsed.protocol === 'https:',
  };
}

function exchange(
  send: typeof requestHttp,
  options: RequestOptions,
  body: unknown,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = send(options, (response) => {
      read(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('it did not answer in time')));
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse({ status, text }: { status: number; text: string }, url: string): Reply {
  try {
    const { code, message, data } = JSON.parse(text) as Partial<Reply>;
    if (typeof code === 'number' && typeof message === 'string') return { status, code, message, data };
  } catch {
    // Not JSON: said below.
  }
  throw new CommandError(`what answers at ${url} (HTTP ${status}) is not a PushServer; see --url`);
}

function unreachable(url: string, error: unknown): string {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: '' };
  // An AggregateError of several addresses has no words of its own.
  const why = message || code || 'no connection';
  const hint = code === 'ECONNREFUSED' || code === 'ENOENT' ? '; start it with: npm start' : '';
  return `no server answers at ${url} (${why})${hint}, or name another one with --url`;
}
