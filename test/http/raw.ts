import assert from 'node:assert/strict';
import { connect } from 'node:net';

export interface Body {
  code: number;
  message: string;
  data: Record<string, unknown>;
}

/** Sends bytes as they are and reads until the server hangs up. */
export function rawExchange(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let said = '';
    socket.setEncoding('utf8').on('data', (chunk) => (said += String(chunk)));
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(said) : reject(error)));
    socket.on('close', () => resolve(said));
    socket.write(bytes);
  });
}

/** Status and JSON body of a raw answer. */
export function parseRaw(said: string): { status: number; body: Body; head: string } {
  const [head = '', ...rest] = said.split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 \d{3} /);
  return { status: Number(head.slice(9, 12)), head, body: JSON.parse(rest.join('\r\n\r\n')) as Body };
}
