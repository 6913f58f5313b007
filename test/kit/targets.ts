import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { SANDBOX_CERTIFICATE, SANDBOX_KEY } from '../../src/sandbox/certificate.ts';

/** One request as a target saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The name that TLS was asked for. */
  readonly sni: unknown;
  /** The port of the connection it came by. */
  readonly connection: number;
}

export interface Target {
  readonly port: number;
  /** With 127.0.0.1 as its host. */
  readonly url: string;
  readonly seen: readonly Seen[];
}

export const CERTIFIED = { cert: SANDBOX_CERTIFICATE, key: SANDBOX_KEY };

/** A platform on this machine, closed when the test ends. It answers 200 and `ok`, or as it is told. */
export async function startTarget(
  t: Pick<TestContext, 'after'>,
  { tls = false, answer }: { tls?: boolean; answer?: RequestListener } = {},
): Promise<Target> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, socket } = request;
      const sni = (socket as Partial<TLSSocket>).servername;
      const body = Buffer.concat(chunks).toString();
      seen.push({ method, url, headers, body, sni, connection: socket.remotePort ?? 0 });
      if (answer) answer(request, response);
      else response.end('ok');
    });
  };
  const port = await listen(t, tls ? createTlsServer(CERTIFIED, listener) : createServer(listener));
  return { port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, seen };
}

/** Listens on a free port of the loopback interface until the test ends, with everything that is connected. */
export async function listen(t: Pick<TestContext, 'after'>, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
