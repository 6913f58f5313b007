import type { IncomingMessage } from 'node:http';
import type { Call } from './stand-in.ts';

/** The largest request body, in bytes. */
export const BODY_LIMIT = 10 * 1024 * 1024;
/** What is read and thrown away beyond it, so that the client sees the answer; then the connection is cut. */
const DRAIN_LIMIT = 6 * BODY_LIMIT;

/** The whole body, or undefined when it is larger than BODY_LIMIT. Rejects when the client goes away. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
    else chunks.length = 0;
    if (size > DRAIN_LIMIT) {
      request.destroy();
      return undefined;
    }
  }
  return size > BODY_LIMIT ? undefined : Buffer.concat(chunks);
}

/** True for `application/json`, with no charset or utf-8. */
export function isJson(call: Pick<Call, 'headers'>): boolean {
  return /^application\/json\s*(;\s*charset="?utf-?8"?\s*)?$/i.test(call.headers['content-type'] ?? '');
}

/** The JSON value of a body in valid UTF-8 without a byte order mark; undefined: it is not JSON. */
export function parseAny(body: Buffer): unknown {
  try {
    return JSON.parse(STRICT_UTF8.decode(body));
  } catch {
    return undefined;
  }
}

/** The JSON object of such a body; undefined: it is not one. */
export function parseJson(body: Buffer): Record<string, unknown> | undefined {
  const value = parseAny(body);
  return isObject(value) ? value : undefined;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
