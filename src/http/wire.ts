import type { ServerResponse } from 'node:http';
import type { Answer } from './envelope.ts';

/** An answer as bytes. */
export interface Wire {
  readonly status: number;
  /** Names and values in turn, as `writeHead` takes them fastest. */
  readonly headers: string[];
  readonly body: string | Buffer;
}

/**
 * @param closing says to the client that the connection ends with this answer
 * @throws what JSON.stringify throws
 */
export function encode(answer: Answer, closing: boolean): Wire {
  const json = 'envelope' in answer;
  const body = json ? JSON.stringify(answer.envelope) : answer.content;
  const headers = [
    'Content-Type',
    json ? 'application/json; charset=utf-8' : answer.type,
    'Content-Length',
    String(Buffer.byteLength(body)),
    'X-Content-Type-Options',
    'nosniff',
  ];
  if (answer.headers !== undefined) for (const name in answer.headers) headers.push(name, answer.headers[name]!);
  if (answer.headers?.['Cache-Control'] === undefined) headers.push('Cache-Control', 'no-store');
  if (closing) headers.push('Connection', 'close');
  return { status: answer.status, headers, body };
}

/** Writes to the response itself, past Koa's `ctx.body`: it is a tenth of the cost of a small request. */
export function send(response: ServerResponse, { status, headers, body }: Wire): void {
  response.writeHead(status, headers);
  response.end(body);
}
