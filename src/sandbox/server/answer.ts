import type { ServerResponse } from 'node:http';
import type { Answer } from '../stand-in.ts';

/** Sends an answer: a string as HTML or whatever its headers say, anything else as JSON. */
export function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  if (response.writableEnded || response.destroyed) return;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}
