import { STATUS_CODES } from 'node:http';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../model.ts';
import { inHand } from './connections.ts';
import { refuse } from './envelope.ts';
import type { RefusalStatus } from './envelope.ts';
import { encode } from './wire.ts';

/** How long a client may go on sending after its connection was given up, in milliseconds. */
const GRACE = 2_000;

/** By the error's `code`; anything else the parser rejects is a 400. */
const STATUS: Readonly<Record<string, RefusalStatus>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Requests that never become one for Koa, because the parser gives up, get the same JSON as all others. */
export function answerParserErrors(server: Server, clock: Pick<Clock, 'after'>): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const broken = error.code === 'ECONNRESET' || error.code === 'EPIPE';
    // Once an answer has begun, as Node's own listener looks (socketOnError in lib/_http_server.js), or this
    // listener has spoken, there is nothing left to say.
    if (broken || inHand(socket)?.headersSent === true) socket.destroy();
    else if (socket.writable) refuseRaw(socket, STATUS[error.code ?? ''] ?? 400, clock);
  });
  server.on('connect', (_request, socket) => refuseRaw(socket, 405, clock));
}

/** Half-closes first: a connection that is cut with bytes unread is reset, and the answer would be lost with it. */
function refuseRaw(socket: Duplex, status: RefusalStatus, clock: Pick<Clock, 'after'>): void {
  const { headers, body } = encode(refuse(status), true);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
  socket.on('error', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${String(body)}`);
  socket.resume();
  const cancel = clock.after(GRACE, () => socket.destroy());
  socket.once('close', cancel);
}
